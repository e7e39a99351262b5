import type { APIGatewayProxyEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { actorOf } from './actor.ts'

type Asked = Parameters<typeof actorOf>[0]

const asked = (authorizer: object | undefined, userArn: string | null): Asked => ({
  authorizer: authorizer as APIGatewayProxyEvent['requestContext']['authorizer'],
  identity: { userArn } as APIGatewayProxyEvent['requestContext']['identity'],
})

const USER = 'arn:aws:iam::222222222222:user/robots/deployer'
const ROLE = 'arn:aws:sts::222222222222:assumed-role/Deployer'

describe('the actor', () => {
  it('is the consumer that the authorizer found, whatever else is said', () => {
    expect(actorOf(asked({ consumerId: 'con_1' }, USER))).toBe('con_1')
  })

  it('is the IAM principal where API Gateway checked a signature', () => {
    expect(actorOf(asked(undefined, USER))).toBe(USER)
  })

  it.each([`${ROLE}/alice`, `${ROLE}/bob`])(
    'is a role and not its session, whose name the caller chooses: %s',
    (userArn) => {
      expect(actorOf(asked(undefined, userArn))).toBe(ROLE)
    },
  )

  it('is no federated user by a name that the caller chose', () => {
    expect(actorOf(asked(undefined, 'arn:aws-cn:sts::222222222222:federated-user/alice'))).toBe(
      'arn:aws-cn:sts::222222222222:federated-user',
    )
  })

  it('is nobody where nobody was asked for', () => {
    expect(actorOf(asked(undefined, null))).toBe('anonymous')
    expect(actorOf(asked({ consumerId: 7 }, null))).toBe('anonymous')
  })
})
