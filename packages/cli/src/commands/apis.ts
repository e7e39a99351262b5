import type { Api } from '@countersign/client'
import { answer, type ListView, list, PAGING } from '../answer.ts'
import type { Command } from '../command.ts'
import { facts, printable, table } from '../table.ts'
import { both, relative } from '../time.ts'

export const apis: readonly Command[] = [
  {
    name: 'apis list',
    summary: 'Lists registered APIs',
    options: PAGING,
    run: (context) => list(context, ({ apis }, paging) => apis.list(paging), viewAt(context.terminal.now())),
  },
  {
    name: 'apis show',
    arguments: ['NAME'],
    summary: 'Shows an API: its routes, how each is protected, its deployments',
    run: async (context) => {
      const { apis } = await context.client()
      const found = await apis.show(context.given.argument(0))
      return answer(context, found, (api) => describe(api, context.terminal.now()))
    },
  },
  {
    name: 'apis deregister',
    arguments: ['NAME'],
    summary: 'Takes an API away: every token is refused there from now on',
    run: async (context) => {
      const { apis } = await context.client()
      const name = context.given.argument(0)
      return answer(context, await apis.deregister(name), () => `Deregistered ${printable(name)}.\n`)
    },
  },
]

const viewAt = (now: Date): ListView<Api> => ({
  columns: {
    NAME: ({ name }) => name,
    OWNER: ({ owner }) => owner,
    ROUTES: ({ routes }) => routes.length,
    ENVIRONMENTS: ({ deployments }) => deployments.map(({ environment }) => environment).join(', '),
    STATUS: ({ status }) => status,
    REGISTERED: ({ registeredAt }) => relative(registeredAt, now),
  },
  empty: 'No API is registered.',
})

const describe = (api: Api, now: Date): string =>
  [
    facts({
      name: api.name,
      id: api.id,
      owner: api.owner,
      description: api.description,
      status: api.status,
      registered: both(api.registeredAt, now),
    }),
    api.deployments.length === 0
      ? 'It is deployed nowhere.\n'
      : table(api.deployments, {
          ENVIRONMENT: ({ environment }) => environment,
          ACCOUNT: ({ accountId }) => accountId,
          REGION: ({ region }) => region,
          GATEWAY: ({ gatewayId }) => gatewayId,
          STAGE: ({ stage }) => stage,
          // What was taken away is refused there this long after the answer, or sooner.
          'REFUSES WITHIN': ({ authorizerCacheTtlSeconds: seconds }) => `${seconds ?? 0} s`,
        }),
    table(api.routes, {
      METHOD: ({ method }) => method,
      PATH: ({ path }) => path,
      AUTHORIZATION: ({ authorization }) => authorization,
    }),
  ].join('\n')
