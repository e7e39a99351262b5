export { onThisMachine, type Scene } from './scene.ts'
export { tellStory } from './story.ts'
export { duration, StoryBroken } from './tell.ts'
