import type { Evaluation, Inputs, Resource } from './evaluation.ts'
import { all, at, KINDS, sorted } from './graph.ts'

/** One statement of a policy, with lists where IAM allows both. */
export interface Statement {
  readonly effect: string
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly principal: unknown
  readonly condition: Inputs | undefined
}

export interface Policy {
  /** Logical name of what carries it. */
  readonly of: string
  readonly statements: readonly Statement[]
}

const list = (value: unknown): readonly string[] => [value ?? []].flat() as string[]

/** Pulumi takes a document as text or as an object. */
const parsed = (document: unknown): unknown =>
  typeof document === 'string' ? JSON.parse(document) : document

const statementsOf = (document: unknown): readonly Statement[] =>
  (parsed(document) as { Statement: readonly Inputs[] }).Statement.map((statement) => ({
    effect: String(statement.Effect),
    actions: list(statement.Action),
    resources: list(statement.Resource),
    principal: statement.Principal,
    condition: statement.Condition as Inputs | undefined,
  }))

const inlineOf = ({ name, inputs }: Resource): Policy => ({
  of: name,
  statements: ((at(inputs, 'inlinePolicies') ?? []) as readonly Inputs[]).flatMap((policy) =>
    statementsOf(policy.policy),
  ),
})

/** What each role may do. */
export const rolePolicies = (evaluation: Evaluation): readonly Policy[] =>
  all(evaluation, 'role').map(inlineOf)

export const trustPolicies = (evaluation: Evaluation): readonly Policy[] =>
  all(evaluation, 'role').map(({ name, inputs }) => ({
    of: name,
    statements: statementsOf(inputs.assumeRolePolicy),
  }))

const policyOf = ({ name, inputs }: Resource): Policy => ({
  of: name,
  statements: statementsOf(inputs.policy),
})

/** Policies on queues and on the bus. */
export const resourcePolicies = (evaluation: Evaluation): readonly Policy[] =>
  [...all(evaluation, 'queuePolicy'), ...all(evaluation, 'busPolicy')].map(policyOf)

/** Policies of REST APIs, which are members of them. */
export const apiPolicies = (evaluation: Evaluation): readonly Policy[] =>
  all(evaluation, 'restApi')
    .filter(({ inputs }) => inputs.policy !== undefined)
    .map(policyOf)

/** Every policy that is read here, but for the permissions of functions. */
export const everyPolicy = (evaluation: Evaluation): readonly Policy[] => [
  ...rolePolicies(evaluation),
  ...trustPolicies(evaluation),
  ...resourcePolicies(evaluation),
  ...apiPolicies(evaluation),
]

/** Types that can carry a policy and are read above; any other one in the graph would be a hole in the tests. */
export const POLICY_TYPES: readonly string[] = [
  KINDS.role,
  KINDS.queuePolicy,
  KINDS.busPolicy,
  KINDS.permission,
]

/** Actions of a function's role as `action on resource`, the log group left out. */
export const grantsOf = (evaluation: Evaluation, functionName: string): readonly string[] => {
  const policy = rolePolicies(evaluation).find(({ of }) => of === `${functionName}Role`)
  const grants = (policy?.statements ?? []).flatMap(({ actions, resources }) =>
    actions.flatMap((action) =>
      resources.map((resource) => `${action} on ${resource.split(':').slice(5).join(':')}`),
    ),
  )
  return sorted(new Set(grants.filter((grant) => !grant.startsWith('logs:'))))
}
