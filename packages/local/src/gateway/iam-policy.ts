import type { APIGatewayAuthorizerResult } from 'aws-lambda'

export type PolicyVerdict = 'allow' | 'explicit-deny' | 'implicit-deny'

/** What an IAM policy says of invoking one method: an explicit Deny wins, and what nobody allows is denied. */
export const evaluatePolicy = (
  { Statement }: APIGatewayAuthorizerResult['policyDocument'],
  methodArn: string,
): PolicyVerdict => {
  const applying = Statement.filter((statement) => applies(statement, methodArn))
  if (applying.some(({ Effect }) => Effect === 'Deny')) return 'explicit-deny'
  return applying.some(({ Effect }) => Effect === 'Allow') ? 'allow' : 'implicit-deny'
}

type Statement = APIGatewayAuthorizerResult['policyDocument']['Statement'][number]

const applies = (statement: Statement, methodArn: string): boolean =>
  listed(statement, 'Action').some((action) => globMatches(action.toLowerCase(), 'execute-api:invoke')) &&
  listed(statement, 'Resource').some((resource) => globMatches(resource, methodArn))

const listed = (statement: Statement, member: 'Action' | 'Resource'): readonly string[] => {
  const value: unknown = (statement as unknown as Record<string, unknown>)[member]
  return [value].flat().filter((entry) => typeof entry === 'string')
}

/** IAM's patterns: `*` is any text, slashes included; `?` is one character. Linear, whatever the pattern. */
export const globMatches = (pattern: string, text: string): boolean => {
  let [p, t, star, mark] = [0, 0, -1, 0]
  while (t < text.length) {
    const unit = pattern.charCodeAt(p)
    if (unit === ANY_TEXT) {
      star = p++
      mark = t
    } else if (unit === ANY_ONE || unit === text.charCodeAt(t)) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else return false
  }
  while (pattern.charCodeAt(p) === ANY_TEXT) p++
  return p === pattern.length
}

const [ANY_TEXT, ANY_ONE] = ['*'.charCodeAt(0), '?'.charCodeAt(0)]
