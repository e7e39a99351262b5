import type { Coordinates } from '@countersign/core/shared'
import * as z from 'zod'

const EXECUTION_ARN = /^arn:aws[\w-]*:execute-api:([\w-]+):(\d{12}):(\w+)$/

/** What `stacks/outputs.ts` says of a deployment; `sst deploy` writes it to `.sst/outputs.json`. */
export const Outputs = z.object({
  url: z.url(),
  /** For callers that sign with IAM credentials. */
  machines: z.url().optional(),
  authorizer: z.string().min(1),
  simpleAuthorizer: z.string().min(1),
  bus: z.string().min(1),
  api: z.string().regex(EXECUTION_ARN),
  stage: z.string().min(1),
  environment: z.record(z.string(), z.string()),
})

export type Outputs = z.output<typeof Outputs>

/** Where the platform's own API lives. */
export const coordinatesOf = ({ api, stage }: Outputs): Coordinates => {
  const [, region = '', accountId = '', gatewayId = ''] = EXECUTION_ARN.exec(api) ?? []
  return { accountId, region, gatewayId, stage }
}
