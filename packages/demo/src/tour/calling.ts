import type { createTeller } from '../tell.ts'
import { expect, type Step } from '../tell.ts'
import type { TourScene } from './scene.ts'
import { signRequest } from './sign-request.ts'

export type Teller = ReturnType<typeof createTeller>

/** Whoever presents these headers. */
export type Caller = Readonly<Record<string, string>>

export const NOBODY: Caller = {}
export const bearer = (token: string): Caller => ({ authorization: `Bearer ${token}` })
export const withKey = (key: string): Caller => ({ 'x-api-key': key })

export const REGION = 'eu-west-2'
export const PLACE = { accountId: '111111111111', region: REGION, gatewayId: 'tour01', stage: 'staging' }
export const API = 'housing'
export const ENVIRONMENT = 'staging'

/** Where the gateway serves a path of the tour's API. */
export const urlOf = ({ gateway }: Pick<TourScene, 'gateway'>, path: string): string =>
  `${gateway}/${PLACE.gatewayId}/${PLACE.stage}${path}`

/** Somebody who signs for exactly this path. */
export const signing = (scene: TourScene, path: string): Caller =>
  signRequest(urlOf(scene, path), REGION, scene.accessKey)

export interface Answered {
  readonly status: number
  readonly retryAfter: string | null
  readonly body: string
}

export const get = async (scene: TourScene, path: string, caller: Caller): Promise<Answered> => {
  const response = await fetch(urlOf(scene, path), { headers: caller })
  const { status, headers } = response
  return { status, retryAfter: headers.get('retry-after'), body: await response.text() }
}

/** A step: who calls, and that they are answered so. */
export const called = async (
  scene: TourScene,
  path: string,
  [caller, what]: readonly [caller: Caller, what: string],
  status: number,
): Promise<Step<Answered>> => {
  const answered = await get(scene, path, caller)
  expect(
    answered.status === status,
    `GET ${path} (${what}) answered ${answered.status}, not ${status}: ${answered.body}`,
  )
  return { said: `${status} GET ${path}: ${what}`, value: answered }
}
