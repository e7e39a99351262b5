import { APIGatewayClient, FlushStageAuthorizersCacheCommand } from '@aws-sdk/client-api-gateway'
import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { apiGatewayCaches } from './api-gateway-caches.ts'

const STAGE = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc123', stage: '$default' }
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: new Redacted('secret') }

const cachesAnswering = (...statuses: readonly number[]) => {
  const sent: string[] = []
  const headers: Record<string, string>[] = []
  let paces = 0
  const caches = apiGatewayCaches({
    accountId: STAGE.accountId,
    credentials: () => CREDENTIALS,
    clock: () => new Date(1_800_000_000_000),
    pace: async () => {
      paces++
    },
    fetch: async (url, init) => {
      sent.push(`${init.method} ${url}`)
      headers.push(init.headers as Record<string, string>)
      const status = statuses[sent.length - 1] ?? 500
      return { status, headers: new Headers({ 'x-amzn-errortype': 'TooManyRequestsException:http' }) }
    },
  })
  return { caches, sent, headers, paces: () => paces }
}

const REST = 'https://apigateway.eu-west-2.amazonaws.com/restapis/abc123/stages/%24default/cache/authorizers'
const HTTP = 'https://apigateway.eu-west-2.amazonaws.com/v2/apis/abc123/stages/%24default/cache/authorizers'

describe("API Gateway's authorizer caches", () => {
  it('are flushed by a signed call to the control plane of the region, after the pace allows it', async () => {
    const { caches, sent, headers, paces } = cachesAnswering(202)
    expect(await caches.flush(STAGE)).toBe('flushed')
    expect(sent).toEqual([`DELETE ${REST}`])
    expect(headers[0]?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-2\/apigateway\/aws4_request, /,
    )
    expect(paces()).toBe(1)
  })

  /** No emulator knows this call, so the SDK says what it has to look like. */
  it('are asked as the SDK asks for FlushStageAuthorizersCache', async () => {
    let asked: string | undefined
    const client = new APIGatewayClient({
      region: STAGE.region,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    })
    client.middlewareStack.add(
      () => async (args) => {
        const { method, protocol, hostname, path } = args.request as Record<string, string>
        asked = `${method} ${protocol}//${hostname}${path}`
        return { response: {}, output: { $metadata: {} } as never }
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    const { gatewayId: restApiId, stage: stageName } = STAGE
    await client.send(new FlushStageAuthorizersCacheCommand({ restApiId, stageName }))
    const { caches, sent } = cachesAnswering(202)
    await caches.flush(STAGE)
    expect(sent).toEqual([asked])
  })

  it('of an HTTP API are found when there is no REST API of that id', async () => {
    const { caches, sent, paces } = cachesAnswering(404, 204)
    expect(await caches.flush(STAGE)).toBe('flushed')
    expect(sent).toEqual([`DELETE ${REST}`, `DELETE ${HTTP}`])
    expect(paces()).toBe(2)
  })

  it('are gone when nothing lives there, and nobody asks in other accounts', async () => {
    expect(await cachesAnswering(404, 404).caches.flush(STAGE)).toBe('gone')
    const { caches, sent } = cachesAnswering()
    expect(await caches.flush({ ...STAGE, accountId: '222222222222' })).toBe('elsewhere')
    expect(sent).toEqual([])
  })

  it('say what went wrong, so that the message comes back', async () => {
    await expect(cachesAnswering(429).caches.flush(STAGE)).rejects.toThrow('429 TooManyRequestsException')
    const offline = apiGatewayCaches({
      accountId: STAGE.accountId,
      credentials: () => CREDENTIALS,
      pace: async () => {},
      fetch: async () => {
        throw new Error('ECONNRESET')
      },
    })
    const error = await offline.flush(STAGE).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: expect.stringContaining('reached'), cause: expect.any(Error) })
  })
})
