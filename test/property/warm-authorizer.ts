import { setImmediate } from 'node:timers/promises'
import { idFrom } from '@countersign/core/shared'
import { type AuthorizerServices, make } from '@countersign/functions/authorizer/authorize'
import {
  evaluatePolicy,
  LOCAL_ISSUER,
  openDatabase,
  sqliteAccessRows,
  sqliteKeyRing,
} from '@countersign/local'
import { type AuthorizerCache, createAuthorizerCache } from '@countersign/local/gateway'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'
import { asking } from '../acceptance/one-machine.ts'

/*
 * An authorizer, warm, with a gateway's cache before it, in a process of its own over a store that others write to. It asks
 * without a pause, and counts what it is told. argv: the SQLite file, the method ARN, the cache time in seconds.
 */
const [file = '', arn = '', ttl = '0'] = process.argv.slice(2)
const database = openDatabase(file)
let ahead = 0
let drawn = 0
const clock = () => new Date(Date.now() + ahead)
const services: AuthorizerServices = {
  accessRows: sqliteAccessRows(database),
  keyRing: sqliteKeyRing(database),
  consumerKeyRings: (consumerId) => sqliteKeyRing(database, consumerId),
  clock,
  newId: (kind) => idFrom(kind, Buffer.from(String(++drawn))),
  settings: { issuer: LOCAL_ISSUER, ringRefreshSeconds: 1 },
  log: () => {},
}
const authorize = make(services)
const cache = createAuthorizerCache()

const kept = (token: string): APIGatewayAuthorizerResult | undefined =>
  cache.get('stage', token, clock().getTime()) as APIGatewayAuthorizerResult | undefined

const isAccepted = async (token: string): Promise<boolean> => {
  try {
    const start = clock().getTime()
    const answer = kept(token) ?? (await authorize(asking(arn, { Authorization: `Bearer ${token}` })))
    const until = start + Number(ttl) * 1_000
    if (Number(ttl) > 0 && !kept(token))
      cache.put('stage', token, answer as Parameters<AuthorizerCache['put']>[2], until)
    return evaluatePolicy(answer.policyDocument, arn) === 'allow'
  } catch {
    return false
  }
}

export type ToAuthorizer =
  | { readonly do: 'ask'; readonly token: string }
  | { readonly do: 'report'; readonly ahead: number }
export interface FromAuthorizer {
  readonly says: 'loaded' | 'warm' | 'counted'
  readonly accepted: number
  readonly asked: number
}

/** Asked after the report was wanted, which is after the revocation was answered. */
const ASKED_AFTER = 50

let token = ''
let generation = 0
const tell = (message: FromAuthorizer) => process.send?.(message)

const askOn = async (mine: number): Promise<void> => {
  for (let accepted = 0, asked = 0; mine === generation; asked++) {
    accepted += Number(await isAccepted(token))
    if (accepted === 3 && asked < 1_000_000) tell({ says: 'warm', accepted, asked })
    await setImmediate()
  }
}

const report = async (): Promise<void> => {
  let accepted = 0
  for (let count = 0; count < ASKED_AFTER; count++) accepted += Number(await isAccepted(token))
  tell({ says: 'counted', accepted, asked: ASKED_AFTER })
}

process.on('message', (message: ToAuthorizer) => {
  generation += 1
  if (message.do === 'ask') {
    token = message.token
    void askOn(generation)
  } else {
    ahead += message.ahead
    void report()
  }
})
process.once('disconnect', () => process.exit())
tell({ says: 'loaded', accepted: 0, asked: 0 })
