export { type Scene, tellStory } from './story.ts'
