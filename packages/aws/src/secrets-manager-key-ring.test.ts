import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { secretsManagerKeyRing } from './secrets-manager-key-ring.ts'
import { messagesOf, type Reply, refusal, type Script, wire } from './wire.fixture.ts'

const RING = '{"version":1,"keys":[]}'
const VERSION = '00000000-0000-0000-0000-000000000002'
const BEFORE = '00000000-0000-0000-0000-000000000001'

const holds = (VersionId: string, SecretString: string | undefined = RING): Reply => ({
  body: { ARN: 'arn', Name: 'KeyRing', VersionId, SecretString },
})

const noVersion = refusal('ResourceNotFoundException', {
  message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
})

const ringOver = (...replies: Script) => {
  const { calls, settings } = wire(...replies)
  return {
    calls,
    ring: secretsManagerKeyRing({ secret: 'KeyRing', client: new SecretsManagerClient(settings) }),
  }
}

describe('the current key ring', () => {
  it('is the version that bears AWSCURRENT', async () => {
    const { calls, ring } = ringOver(holds(VERSION))
    const current = await ring.current()
    expect([current?.versionId, current?.text.reveal()]).toEqual([VERSION, RING])
    expect(calls).toEqual([
      { operation: 'GetSecretValue', body: { SecretId: 'KeyRing', VersionStage: 'AWSCURRENT' } },
    ])
  })

  it('is not there yet in a fresh secret', async () => {
    expect(await ringOver(noVersion).ring.current()).toBeUndefined()
  })

  it('is not there where a version was made and nothing was put into it', async () => {
    expect(await ringOver({ body: { VersionId: VERSION } }).ring.current()).toBeUndefined()
  })

  it('is a defect when somebody put bytes there', async () => {
    const bytes = { body: { VersionId: VERSION, SecretBinary: 'AAAA' } }
    expect(await ringOver(bytes).ring.current().catch(messagesOf)).toContain('does not hold a key ring')
  })

  it('cannot be read where there is no such secret, which is not the same', async () => {
    const missing = refusal('ResourceNotFoundException', {
      message: "Secrets Manager can't find the specified secret.",
    })
    expect(await ringOver(missing).ring.current().catch(messagesOf)).toMatch(
      /^reading the key ring failed: ResourceNotFoundException/,
    )
  })

  it.each([[''], ['  '], ['no ring']])(
    'is a defect when the version holds %j instead of a ring',
    async (text) => {
      expect(
        await ringOver({ body: { VersionId: VERSION, SecretString: text } })
          .ring.current()
          .catch(messagesOf),
      ).toContain('does not hold a key ring')
    },
  )

  it('throws with its cause when Secrets Manager fails', async () => {
    const failed = refusal('InternalServiceError', {}, 500)
    expect(await ringOver(failed).ring.current().catch(messagesOf)).toMatch(
      /^reading the key ring failed: InternalServiceError < InternalServiceError/,
    )
  })

  it('lets no part of an unreadable answer into an error', async () => {
    const { ring } = ringOver({ body: 'hunter2-is-the-secret' })
    const error = await ring.current().catch((thrown: unknown) => thrown)
    expect(messagesOf(error)).toContain('the answer is not JSON')
    expect(messagesOf(error)).not.toContain('hunter2')
  })
})

describe('a version of the key ring', () => {
  it('is found by its id, whatever its stage', async () => {
    const { calls, ring } = ringOver(holds(VERSION))
    expect((await ring.version(VERSION))?.reveal()).toBe(RING)
    expect(calls[0]?.body).toEqual({ SecretId: 'KeyRing', VersionId: VERSION })
  })

  it('is undefined before it was staged', async () => {
    const none = refusal('ResourceNotFoundException', {
      message: `Secrets Manager can't find the specified secret value for VersionId: ${VERSION}`,
    })
    expect(await ringOver(none).ring.version(VERSION)).toBeUndefined()
  })
})

describe('staging a key ring', () => {
  it('puts a version under AWSPENDING, which it takes from any other', async () => {
    const { calls, ring } = ringOver({ body: { VersionId: VERSION } })
    await ring.stage(VERSION, new Redacted(RING))
    expect(calls).toEqual([
      {
        operation: 'PutSecretValue',
        body: {
          SecretId: 'KeyRing',
          ClientRequestToken: VERSION,
          SecretString: RING,
          VersionStages: ['AWSPENDING'],
        },
      },
    ])
  })

  it('leaves the text of a version that is there, and fetches the label back to it', async () => {
    const { calls, ring } = ringOver(refusal('ResourceExistsException'), holds(BEFORE), { body: {} })
    await ring.stage(VERSION, new Redacted(RING))
    expect(calls.map(({ operation }) => operation)).toEqual([
      'PutSecretValue',
      'GetSecretValue',
      'UpdateSecretVersionStage',
    ])
    expect(calls[2]?.body).toEqual({
      SecretId: 'KeyRing',
      VersionStage: 'AWSPENDING',
      MoveToVersionId: VERSION,
      RemoveFromVersionId: BEFORE,
    })
  })

  it('moves nothing when the label is there already', async () => {
    const { calls, ring } = ringOver(refusal('ResourceExistsException'), holds(VERSION))
    await ring.stage(VERSION, new Redacted(RING))
    expect(calls).toHaveLength(2)
  })

  it('throws when it cannot be put, and does not show the ring', async () => {
    const { ring } = ringOver(refusal('EncryptionFailure'))
    const error = await ring.stage(VERSION, new Redacted(RING)).catch(messagesOf)
    expect(error).toContain('staging the key ring failed: EncryptionFailure')
    expect(error).not.toContain('version":1')
  })
})

describe('promoting a key ring', () => {
  const elsewhere = refusal('InvalidParameterException')

  it('moves AWSCURRENT from where it was thought to be', async () => {
    const { calls, ring } = ringOver({ body: {} })
    expect(await ring.promote(VERSION, BEFORE)).toEqual({ ok: true, value: undefined })
    expect(calls).toEqual([
      {
        operation: 'UpdateSecretVersionStage',
        body: {
          SecretId: 'KeyRing',
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: VERSION,
          RemoveFromVersionId: BEFORE,
        },
      },
    ])
  })

  it('gives the first ring the label that nobody had', async () => {
    const { calls, ring } = ringOver(noVersion, { body: {} })
    expect(await ring.promote(VERSION, undefined)).toMatchObject({ ok: true })
    expect(calls[1]?.operation).toBe('UpdateSecretVersionStage')
    expect(calls[1]?.body).not.toHaveProperty('RemoveFromVersionId')
  })

  it('takes the label from a version that nothing was ever put into', async () => {
    const { calls, ring } = ringOver({ body: { VersionId: BEFORE } }, { body: {} })
    expect(await ring.promote(VERSION, undefined)).toMatchObject({ ok: true })
    expect(calls[1]?.body).toMatchObject({ RemoveFromVersionId: BEFORE })
  })

  it('is superseded when somebody else put the first ring there', async () => {
    const { ring } = ringOver(holds(BEFORE), elsewhere, holds(BEFORE))
    expect(await ring.promote(VERSION, undefined)).toEqual({
      ok: false,
      error: { reason: 'rotation_superseded' },
    })
  })

  it('is superseded when another rotation was faster', async () => {
    const { ring } = ringOver(elsewhere, holds('00000000-0000-0000-0000-000000000003'))
    expect(await ring.promote(VERSION, BEFORE)).toEqual({
      ok: false,
      error: { reason: 'rotation_superseded' },
    })
  })

  it('is done when it was done before and only the answer was lost', async () => {
    expect(await ringOver(elsewhere, holds(VERSION)).ring.promote(VERSION, BEFORE)).toMatchObject({
      ok: true,
    })
  })

  it('throws when it was refused though nobody else was faster', async () => {
    const { ring } = ringOver(elsewhere, holds(BEFORE))
    await expect(ring.promote(VERSION, BEFORE)).rejects.toThrow('could not be moved')
  })
})
