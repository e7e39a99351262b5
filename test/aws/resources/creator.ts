import type { Inputs } from '../../stacks/evaluation.ts'
import type { Wire } from '../wire.ts'

/** Makes one resource and gives back its id and the outputs that others refer to, under Pulumi's names. */
export type Creator = (wire: Wire, inputs: Inputs) => Promise<{ readonly id: string } & Inputs>

/**
 * A creator says which inputs it knows by their type. The cast is safe against what matters: an input that it does not
 * read fails the deployment (`observed`), so nothing is dropped in silence.
 */
export const creator =
  <I>(make: (wire: Wire, inputs: I) => Promise<{ readonly id: string } & Inputs>): Creator =>
  (wire, inputs) =>
    make(wire, inputs as I)

/** Without the members that are not there. */
export const given = (members: Inputs): Inputs =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ''))

export const invocationUri = ({ region }: Wire, functionArn: string): string =>
  `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${functionArn}/invocations`

export const randomText = (length: number): string =>
  Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join('')
