import type { ApiKey } from '@countersign/core/api-key'
import { formatRoute } from '@countersign/core/shared'
import type { UsagePlan } from '@countersign/core/usage-plan'

export const usagePlanView = ({ methods, ...plan }: UsagePlan) => ({
  ...plan,
  methods: methods.map(({ method, path, ...limits }) => ({
    route: formatRoute({ method, path }),
    ...limits,
  })),
})

/** What the HTTP API shows of an API key; its value is never among it, nor anything made of it. */
export const apiKeyView = ({
  consumerId,
  consumer,
  plans,
  status,
  current,
  previous,
  id,
  ...rest
}: ApiKey) => ({
  id,
  state: status,
  consumer: consumerId,
  consumerName: consumer,
  plans: plans.map(({ name, api, environment }) => ({ name, api, environment })),
  generation: current.generation,
  ...(previous && { previousUntil: previous.until }),
  ...rest,
})
