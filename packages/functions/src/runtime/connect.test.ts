import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect } from './connect.ts'
import { connectAuthorizer } from './connect-authorizer.ts'
import type { Services } from './services.ts'

const QUEUES = {
  ProjectAccess: { queueUrl: 'https://q.example/a', deadLetterQueueUrl: 'https://q.example/b' },
}

const WHOLE = {
  AWS_REGION: 'eu-west-2',
  LEDGER_TABLE: 'Ledger',
  ACCESS_TABLE: 'Access',
  BUS_NAME: 'Bus',
  CONSUMER_KEYS_PREFIX: 'consumers/',
  KEY_RING_SECRET: 'KeyRing',
  SUBSCRIPTION_QUEUES: JSON.stringify(QUEUES),
  ISSUER: 'urn:countersign:test',
  RING_REFRESH_SECONDS: '60',
}

const SERVICES = [
  ['ledger', 'load', 'LEDGER_TABLE'],
  ['accessRows', 'read', 'ACCESS_TABLE'],
  ['publisher', 'publish', 'BUS_NAME'],
  ['keyRing', 'current', 'KEY_RING_SECRET'],
  ['pipeline', 'status', 'SUBSCRIPTION_QUEUES'],
] as const

const methodOf = (services: Services, service: (typeof SERVICES)[number][0], method: string): unknown =>
  Reflect.get(services[service], method)

describe('the services of a function on AWS', () => {
  it.each(SERVICES)('make %s with its %s of %s alone, once', async (service, method, variable) => {
    const services = await connect({ [variable]: WHOLE[variable] })
    expect(methodOf(services, service, method)).toBeTypeOf('function')
    expect(methodOf(services, service, method)).toBe(methodOf(services, service, method))
  })

  it.each(SERVICES)(
    'refuse %s with its %s without %s, by name, and only when it is used',
    async (service, method, variable) => {
      const services = await connect({ ...WHOLE, [variable]: undefined })
      expect(() => methodOf(services, service, method)).toThrow(
        `the environment variable ${variable} is missing`,
      )
    },
  )

  it('can be handed on by a function that has the variables of none of them', async () => {
    const services = { ...(await connect({})), actor: 'somebody' }
    expect(services.newId('event')).toMatch(/^evt_/)
    expect(() => services.ledger.load).toThrow('LEDGER_TABLE is missing')
  })

  it('have the settings of the environment', async () => {
    const [{ settings }, bare] = await Promise.all([connect(WHOLE), connect({})])
    expect([settings.issuer, settings.ringRefreshSeconds]).toEqual(['urn:countersign:test', 60])
    expect(() => bare.settings.issuer).toThrow('ISSUER is missing')
  })

  it.each([
    ['SUBSCRIPTION_QUEUES', 'not JSON', 'pipeline', 'status'],
    ['SUBSCRIPTION_QUEUES', '{"A":{"queueUrl":"x"}}', 'pipeline', 'status'],
    ['LEDGER_TABLE', '', 'ledger', 'load'],
  ] as const)('refuse %s = %j, by name', async (variable, text, service, method) => {
    const services = await connect({ ...WHOLE, [variable]: text })
    expect(() => methodOf(services, service, method)).toThrow(`${variable} cannot be read`)
  })

  it.each(['0', '1.5', 'soon', ''])('refuse a refresh of %j seconds', async (RING_REFRESH_SECONDS) => {
    const { settings } = await connect({ ...WHOLE, RING_REFRESH_SECONDS })
    expect(() => settings.ringRefreshSeconds).toThrow('RING_REFRESH_SECONDS')
  })

  it('give ids of 128 random bits', async () => {
    const { newId } = await connect({})
    expect(newId('token')).toMatch(/^tok_[0-9a-f]{32}$/)
    expect(newId('token')).not.toBe(newId('token'))
  })
})

describe('the services of the authorizer', () => {
  it('are its stores, its settings and what every process has', async () => {
    const services = await connectAuthorizer(WHOLE)
    expect(services.settings).toEqual({ issuer: 'urn:countersign:test', ringRefreshSeconds: 60 })
    expect(services.accessRows).toHaveProperty('read')
    expect(services.keyRing).toHaveProperty('current')
    expect(services.consumerKeyRings('con_1')).toHaveProperty('current')
  })

  it.each([
    'AWS_REGION',
    'ACCESS_TABLE',
    'KEY_RING_SECRET',
    'CONSUMER_KEYS_PREFIX',
    'ISSUER',
    'RING_REFRESH_SECONDS',
  ])('refuse to be made without %s, by name', async (variable) => {
    await expect(connectAuthorizer({ ...WHOLE, [variable]: undefined })).rejects.toThrow(
      `the environment variable ${variable} is missing`,
    )
  })

  it.each(['0', '-1', '1.5', '60s'])('refuse a refresh of %j seconds', async (RING_REFRESH_SECONDS) => {
    await expect(connectAuthorizer({ ...WHOLE, RING_REFRESH_SECONDS })).rejects.toThrow(
      'RING_REFRESH_SECONDS',
    )
  })
})

describe('a line of the log', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is one line of JSON on stdout', async () => {
    const lines: unknown[] = []
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(line) > 0)
    const { log } = await connect({})
    log({ level: 'info', message: 'two\nlines', tokenId: 'tok_1' })
    vi.restoreAllMocks()
    expect(lines).toHaveLength(1)
    expect(String(lines[0])).toMatch(/^\{"time":"[^"]+Z","level":"info",.*\}\n$/)
    expect(JSON.parse(String(lines[0]))).toMatchObject({ message: 'two\nlines', tokenId: 'tok_1' })
  })
})
