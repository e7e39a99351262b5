import type { Inputs } from '../stacks/evaluation.ts'
import { type Condition, conditionOf } from '../stacks/pretend-aws.ts'
import { ACCOUNT, REGION } from './emulator.ts'

interface Statement {
  readonly sid?: string
  readonly effect?: string
  readonly actions?: readonly string[]
  readonly resources?: readonly string[]
  readonly principals?: readonly { readonly type: string; readonly identifiers: readonly string[] }[]
  readonly conditions?: readonly Condition[]
}

/** The provider writes policies out by itself; no service is asked. */
const policyDocument = (statements: readonly Statement[] = []): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(
      ({ sid, effect = 'Allow', actions, resources, principals, conditions = [] }) => {
        return {
          ...(sid && { Sid: sid }),
          Effect: effect,
          Action: actions,
          ...(resources && { Resource: resources }),
          ...(conditions.length > 0 && { Condition: conditionOf(conditions) }),
          ...(principals?.length && {
            Principal: Object.fromEntries(principals.map(({ type, identifiers }) => [type, identifiers])),
          }),
        }
      },
    ),
  })

const ANSWERS: Readonly<Record<string, (inputs: Inputs) => Inputs>> = {
  'aws:index/getRegion:getRegion': () => ({ id: REGION, name: REGION, region: REGION }),
  'aws:index/getPartition:getPartition': () => ({
    id: 'aws',
    partition: 'aws',
    dnsSuffix: 'amazonaws.com',
  }),
  'aws:index/getCallerIdentity:getCallerIdentity': () => ({ id: ACCOUNT, accountId: ACCOUNT }),
  'aws:iam/getPolicyDocument:getPolicyDocument': (inputs) => ({
    ...inputs,
    json: policyDocument(inputs.statements as readonly Statement[]),
  }),
}

export const dataSource = (token: string, inputs: Inputs): Inputs => {
  const answer = ANSWERS[token]
  if (!answer) throw new Error(`no data source for ${token}`)
  return answer(inputs)
}
