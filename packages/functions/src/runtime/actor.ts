import type { APIGatewayProxyEvent } from 'aws-lambda'

/** As far as the name of a session, which whoever takes on a role chooses: one role is one actor under all of them. */
const WITHOUT_SESSION = /^(arn:[\w-]+:sts::\d{12}:(?:assumed-role\/[^/]+|federated-user))\//

/**
 * Who calls is what the authorizer found or, where API Gateway checked a signature, the IAM principal; a header or the
 * body never says it.
 */
export const actorOf = ({
  authorizer,
  identity,
}: Pick<APIGatewayProxyEvent['requestContext'], 'authorizer' | 'identity'>): string => {
  const consumer: unknown = authorizer?.consumerId
  if (typeof consumer === 'string') return consumer
  const principal = identity?.userArn ?? 'anonymous'
  return WITHOUT_SESSION.exec(principal)?.[1] ?? principal
}
