import { environmentCredentials } from '@countersign/aws/authorizer'
import { afterAll } from 'vitest'
import { evaluate } from '../stacks/evaluate.ts'
import { type Another, resourcesOf } from './another.ts'
import { credentialsFor } from './deploy.ts'
import { dynamoContract } from './dynamo-contract.ts'
import { startDynamoDbLocal } from './dynamodb-local.ts'
import { ACCOUNT, REGION } from './emulator.ts'
import { createWire } from './wire.ts'

const graph = await evaluate('test')
const { endpoint, stop } = await startDynamoDbLocal()
afterAll(stop)
Object.assign(process.env, credentialsFor(endpoint))
const wire = createWire({ endpoint, region: REGION, account: ACCOUNT })
const { another } = resourcesOf(graph, wire)

/** It has no backups. */
const table: Another = (kind, name, inputs) =>
  another(kind, name, { pointInTimeRecovery: undefined, ...inputs })

dynamoContract("in Amazon's DynamoDB Local", {
  another: table,
  wire,
  region: REGION,
  endpoint,
  credentials: () => environmentCredentials(process.env),
})
