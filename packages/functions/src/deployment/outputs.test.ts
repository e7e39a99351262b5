import { describe, expect, it } from 'vitest'
import { coordinatesOf, Outputs } from './outputs.ts'

const SAID = {
  url: 'https://a1b2c3.execute-api.eu-west-2.amazonaws.com/staging/',
  authorizer: 'arn:aws:lambda:eu-west-2:111111111111:function:authorizer',
  simpleAuthorizer: 'arn:aws:lambda:eu-west-2:111111111111:function:simple-authorizer',
  bus: 'countersign-staging-BusBus-abc',
  api: 'arn:aws:execute-api:eu-west-2:111111111111:a1b2c3',
  stage: 'staging',
  environment: { LEDGER_TABLE: 'ledger' },
}

describe('the outputs of a deployment', () => {
  it('say where its own API lives', () => {
    expect(coordinatesOf(Outputs.parse(SAID))).toEqual({
      accountId: '111111111111',
      region: 'eu-west-2',
      gatewayId: 'a1b2c3',
      stage: 'staging',
    })
  })

  it.each(['a1b2c3', 'arn:aws:execute-api:eu-west-2:1:a1b2c3', `${SAID.api}/staging`])(
    'are refused with the API %s',
    (api) => {
      expect(Outputs.safeParse({ ...SAID, api }).success).toBe(false)
    },
  )
})
