import { Line } from '@countersign/core/schema'
import { err, ok, type Result } from '@countersign/core/shared'
import type { DescribeWebhook } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import * as z from 'zod'
import { type Refusal, refusalOfFaults } from './problem.ts'
import type { Services } from './services.ts'

export const DescribedWebhook = z.strictObject({
  url: z.string().min(1).max(4_096),
  /** `token.revoked`, `token.*`, `*` */
  events: z.array(z.string().min(1).max(64)).min(1).max(50),
  name: Line.optional(),
})

/** What was asked, its URL as it is kept; or everything that is wrong with it. No fault repeats the URL. */
export const checkedWebhook = async (
  { webhookReceivers }: Pick<Services, 'webhookReceivers'>,
  { url: asked, events, name }: DescribeWebhook,
): Promise<Result<DescribeWebhook, Refusal>> => {
  const url = await webhookReceivers.check(asked)
  const faults = [
    ...(url.ok ? [] : [{ pointer: '/url', code: url.error, detail: DETAILS[url.error] }]),
    ...events.flatMap((pattern, index) =>
      Webhooks.isKnownPattern(pattern)
        ? []
        : [
            {
              pointer: `/events/${index}`,
              code: 'webhook_event_unknown' as const,
              detail: `"${pattern}" is neither a type of event nor *, nor a part with .* such as token.*`,
            },
          ],
    ),
  ]
  return url.ok && faults.length === 0
    ? ok({ url: url.value, events: [...new Set(events)], name })
    : err(refusalOfFaults(faults))
}

const DETAILS = {
  webhook_url_malformed: 'use https://HOST/PATH',
  webhook_url_insecure: 'use https; http is for hosts that the platform was told to allow',
  webhook_url_with_credentials: 'leave user and password out: the signature says who sends',
  webhook_url_with_query:
    'leave query and fragment out: a URL is no place for a secret, and the log keeps it',
  webhook_address_refused: 'the host has to lead to public addresses alone',
  webhook_host_unknown: 'the host has no address',
} as const
