export * from './api.ts'
export { routesOf } from './routes.ts'
