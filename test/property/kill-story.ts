import type { Called } from '../support/world.ts'
import { oneOf, type Random } from './seed.ts'

/** One command over HTTP, and what is known once it was acknowledged. */
export interface Command {
  readonly key: string
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: object
  learn(answer: Answer): void
}

export type Answer = Readonly<Record<string, unknown>>

interface KnownConsumer {
  readonly id: string
  suspended: boolean
}

interface KnownApi {
  readonly name: string
  id: string
  gatewayId: string | undefined
  revision: number
}

export interface KnownToken {
  readonly id: string
  readonly presented: string
  readonly consumer: KnownConsumer
  readonly gatewayId: string
  state: 'active' | 'disabled' | 'revoked'
}

/** Everything that was acknowledged so far. What the platform then has must be exactly this. */
export interface Story {
  readonly consumers: KnownConsumer[]
  readonly apis: KnownApi[]
  readonly tokens: KnownToken[]
  /** Of rotations that were acknowledged. */
  readonly kids: string[]
  /** Types of the events that each entity has, in their order. */
  readonly logs: Map<string, string[]>
}

export const newStory = (): Story => ({ consumers: [], apis: [], tokens: [], kids: [], logs: new Map() })

export const isRefused = ({ state, consumer }: KnownToken): boolean =>
  state !== 'active' || consumer.suspended

/** Something that the platform has to accept as things stand. */
export type Choose = (random: Random, wanted?: 'rotation') => Command

export const chooser = (story: Story): Choose => {
  let count = 0
  const key = () => `command-${++count}`
  const said = (id: string, type: string) => story.logs.set(id, [...(story.logs.get(id) ?? []), type])

  const register = (): Command => ({
    key: key(),
    method: 'POST',
    path: '/consumers',
    body: { name: `consumer ${count}`, type: 'service', owner: 'tests' },
    learn: ({ id }) => {
      story.consumers.push({ id: String(id), suspended: false })
      said(String(id), 'consumer.registered')
    },
  })

  const publish = (known?: KnownApi): Command => {
    const api = known ?? { name: `things-${count + 1}`, id: '', gatewayId: undefined, revision: 0 }
    return {
      key: key(),
      method: 'PUT',
      path: `/apis/${api.name}`,
      body: { owner: `team ${api.revision + 1}`, openapi: DOCUMENT, authorization: 'token' },
      learn: ({ id }) => {
        api.id = String(id)
        api.revision += 1
        said(api.id, known ? 'api.updated' : 'api.registered')
        if (!known) story.apis.push(api)
      },
    }
  }

  const deploy = (api: KnownApi): Command => {
    const gatewayId = `gateway${count + 1}`
    return {
      key: key(),
      method: 'PUT',
      path: `/apis/${api.name}/deployments/staging`,
      body: { accountId: '111111111111', region: 'eu-west-2', gatewayId, stage: 'v1' },
      learn: () => {
        api.gatewayId = gatewayId
        said(api.id, 'api.deployed')
      },
    }
  }

  const issue = (consumer: KnownConsumer, { name, gatewayId = '' }: KnownApi): Command => ({
    key: key(),
    method: 'POST',
    path: '/tokens',
    body: {
      consumer: consumer.id,
      grants: [{ api: name, environment: 'staging', routes: ['GET /things'] }],
      expiresIn: '1d',
    },
    learn: ({ id, token }) => {
      story.tokens.push({ id: String(id), presented: String(token), consumer, gatewayId, state: 'active' })
      said(String(id), 'token.issued')
    },
  })

  const move = (token: KnownToken, to: KnownToken['state'], path: string, body: object): Command => ({
    key: key(),
    method: 'POST',
    path: `/tokens/${token.id}/${path}`,
    body,
    learn: () => {
      token.state = to
      said(token.id, { active: 'token.enabled', disabled: 'token.disabled', revoked: 'token.revoked' }[to])
    },
  })

  const suspension = (consumer: KnownConsumer): Command => {
    const to = !consumer.suspended
    return {
      key: key(),
      method: 'POST',
      path: `/consumers/${consumer.id}/${to ? 'suspension' : 'resumption'}`,
      body: {},
      learn: () => {
        consumer.suspended = to
        said(consumer.id, to ? 'consumer.suspended' : 'consumer.resumed')
      },
    }
  }

  const rotate = (): Command => ({
    key: key(),
    method: 'POST',
    path: '/signing-keys/rotation',
    body: {},
    learn: ({ kid }) => {
      story.kids.push(String(kid))
    },
  })

  return (random, wanted) => {
    if (wanted === 'rotation') return rotate()
    const deployed = story.apis.filter(({ gatewayId }) => gatewayId !== undefined)
    const registered = story.apis.find(({ gatewayId }) => gatewayId === undefined)
    const willing = story.consumers.filter(({ suspended }) => !suspended)
    if (willing.length === 0) return register()
    if (registered) return deploy(registered)
    if (deployed.length === 0) return publish()
    const live = story.tokens.filter(({ state }) => state !== 'revoked')
    const draw = random()
    if (live.length < 3 || draw < 0.3) return issue(oneOf(random, willing), oneOf(random, deployed))
    if (draw < 0.36) return register()
    if (draw < 0.4) return publish()
    if (draw < 0.45) return publish(oneOf(random, deployed))
    if (draw < 0.55) return suspension(oneOf(random, story.consumers))
    if (draw < 0.6) return rotate()
    const token = oneOf(random, live)
    if (draw < 0.75) return move(token, 'revoked', 'revocation', { reason: 'requested' })
    return token.state === 'active'
      ? move(token, 'disabled', 'disablement', {})
      : move(token, 'active', 'enablement', {})
  }
}

/** Its acknowledgement, or a defect: every command of a story is one that has to be accepted. */
export const acknowledged = ({ key, method, path }: Command, { status, body }: Called): Answer => {
  if (status < 200 || status > 299) throw new Error(`${key} ${method} ${path} was refused: ${status} ${body}`)
  return JSON.parse(body) as Answer
}

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  paths: { '/things': { get: { responses: { '200': { description: 'things' } } } } },
}
