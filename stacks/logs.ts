import { type LogSubscription, logSubscriptions } from '@countersign/topology'
import { authorizes, authorizesSimply } from './authorizer.ts'
import { givenUp } from './bus.ts'
import { each } from './each.ts'
import { functionOf } from './function.ts'

const FOLLOWED = { authorizer: authorizes, simpleAuthorizer: authorizesSimply } as const
const SUFFIX = { authorizer: '', simpleAuthorizer: 'Simple' } as const

const { partition } = aws.getPartitionOutput()
const { region } = aws.getRegionOutput()
const { accountId } = aws.getCallerIdentityOutput()

/** CloudWatch Logs hands a delivery to Lambda and is done: what fails after that ends in dead letters. */
const follow = (name: keyof typeof logSubscriptions, subscription: LogSubscription) => {
  const follower = functionOf(`${name}Follower`, subscription, {
    description: `Follows the logs of ${subscription.of.join(' and ')}`,
    timeoutSeconds: subscription.timeoutSeconds,
    onFailure: { retries: 2, queue: givenUp[name] },
  })
  for (const one of subscription.of) {
    const logGroup = FOLLOWED[one].nodes.function.loggingConfig.logGroup
    const permission = new aws.lambda.Permission(`${name}${SUFFIX[one]}Permission`, {
      action: 'lambda:InvokeFunction',
      function: follower.name,
      principal: 'logs.amazonaws.com',
      sourceArn: $interpolate`arn:${partition}:logs:${region}:${accountId}:log-group:${logGroup}:*`,
      sourceAccount: accountId,
    })
    new aws.cloudwatch.LogSubscriptionFilter(
      `${name}${SUFFIX[one]}`,
      { logGroup, filterPattern: subscription.pattern, destinationArn: follower.arn },
      { dependsOn: [permission] },
    )
  }
  return follower
}

/** By log subscription: its function. */
export const logFollowers = each<keyof typeof logSubscriptions, LogSubscription, sst.aws.Function>(
  logSubscriptions,
  (subscription, name) => follow(name, subscription),
)
