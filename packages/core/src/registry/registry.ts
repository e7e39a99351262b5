export * from './access-rules.ts'
export * from './api.ts'
export { routesOf } from './routes.ts'
