import { randomBytes } from 'node:crypto'
import type { Inputs } from '../../stacks/evaluation.ts'
import type { Wire } from '../wire.ts'
import { compute } from './compute.ts'
import { type Creator, creator } from './creator.ts'
import { gateway } from './gateway.ts'
import { messaging } from './messaging.ts'
import { observed } from './observed.ts'
import { storage } from './storage.ts'

const CREATORS: Readonly<Record<string, Creator>> = {
  ...compute,
  ...gateway,
  ...messaging,
  ...storage,
  // Nothing in a cloud stands behind this one.
  'random:index/randomBytes:RandomBytes': creator<{ length: number }>(async (_, { length }) => ({
    id: 'none',
    base64: randomBytes(length).toString('base64'),
  })),
}

/** Inputs that may stay unread, and why nothing is lost by it. */
const UNREAD: Readonly<Record<string, readonly RegExp[]>> = {
  // They only say when a later update replaces it.
  'aws:apigateway/deployment:Deployment': [/^triggers\b/],
  'aws:apigateway/integration:Integration': [/^responseTransferMode$/],
}

/** Makes a resource in the emulator. What is unknown, unread or refused fails, and says where. */
export const createResource = async (
  wire: Wire,
  type: string,
  name: string,
  inputs: Inputs,
): Promise<{ readonly id: string; readonly state: Inputs }> => {
  try {
    const create = CREATORS[type]
    if (!create) throw new Error('no creator for this type')
    const { view, unread } = observed(inputs)
    const { id, ...outputs } = await create(wire, view)
    const lost = unread().filter((path) => !UNREAD[type]?.some((harmless) => harmless.test(path)))
    if (lost.length > 0) throw new Error(`the creator does not read ${lost.join(', ')}`)
    return { id, state: { ...inputs, ...outputs } }
  } catch (cause) {
    throw new Error(`${type} "${name}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** A resource that may be there already, by its id. */
export const readResource = async (wire: Wire, type: string, id: string) => {
  if (type !== 'aws:apigateway/account:Account') throw new Error(`nothing here reads ${type} ${id}`)
  const { cloudwatchRoleArn = '' } = await wire.rest('apigateway', 'GET /account')
  return { id, state: { cloudwatchRoleArn } }
}
