import { type Rotation, rotations } from '@countersign/topology'
import { each } from './each.ts'
import { functionOf } from './function.ts'
import { secrets } from './storage.ts'

const TIMEOUT_SECONDS = 60

/** Secrets Manager repeats a step that failed, and the function's errors raise an alarm. */
const rotation = (name: string, rotates: Rotation) => {
  const { id, arn } = secrets[rotates.secret]
  const rotate = functionOf(`${name}Rotation`, rotates, {
    description: `Rotates the secret ${rotates.secret}`,
    timeoutSeconds: TIMEOUT_SECONDS,
  })
  const permission = new aws.lambda.Permission(`${name}Permission`, {
    action: 'lambda:InvokeFunction',
    function: rotate.name,
    principal: 'secretsmanager.amazonaws.com',
    sourceArn: arn,
  })
  new aws.secretsmanager.SecretRotation(
    name,
    {
      secretId: id,
      rotationLambdaArn: rotate.arn,
      rotationRules: { automaticallyAfterDays: rotates.everyDays },
      // The first one makes the ring.
      rotateImmediately: true,
    },
    { dependsOn: [permission] },
  )
  return rotate
}

/** By rotation: its function. */
export const rotators = each<keyof typeof rotations, Rotation, sst.aws.Function>(rotations, (rotates, name) =>
  rotation(name, rotates),
)
