import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from '@countersign/core/session'
import { afterAll, describe, expect, it } from 'vitest'
import { StartFailure } from './failure.ts'
import { signInGiven } from './sign-in-options.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-sign-in-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const provider = {
  ...{ name: 'other', issuers: ['https://id.example'], jwksUrl: 'https://id.example/keys' },
  ...{ clientIds: ['app'], groups: { from: 'claim', claim: 'groups' } },
}
const GOOGLE = {
  ...{ name: 'google', clientIds: ['app'], hostedDomains: ['example.org'] },
  groups: { from: 'google-directory', impersonate: 'admin@example.org' },
}
const saying = (...providers: readonly object[]) => JSON.stringify({ providers })

const fileOf = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('who may vouch for people, as start is told', () => {
  it.each([undefined, '', ' '])(
    "is this machine's own provider alone unless somebody is named (%j)",
    (text) => {
      expect(signInGiven({ text })).toEqual({ signInConfiguration: Session.NO_SIGN_IN })
    },
  )

  it('comes from the variable, or from a file instead of it', () => {
    const names = (given: ReturnType<typeof signInGiven>) =>
      given.signInConfiguration?.providers.map(({ name }) => name)
    expect(names(signInGiven({ text: saying(provider) }))).toEqual(['other'])
    const file = fileOf('sign-in.json', saying({ ...provider, name: 'third' }))
    expect(names(signInGiven({ text: saying(provider), file }))).toEqual(['third'])
  })

  it("has the key that reads Google's directory read anew whenever it is needed", async () => {
    const serviceAccountFile = fileOf('key.json', 'first')
    const { serviceAccount } = signInGiven({ text: saying(GOOGLE), serviceAccountFile })
    fileOf('key.json', 'second')
    expect((await serviceAccount?.())?.reveal()).toBe('second')
  })

  it.each([
    ['what is no JSON', { text: '{' }, /^COUNTERSIGN_SIGN_IN cannot be read: it is not JSON$/],
    ['a misspelt member', { text: saying({ ...provider, isuers: [] }) }, /isuers/],
    [
      'a file that is not there',
      { file: join(folder, 'nothing.json') },
      /--sign-in: .*nothing\.json cannot be read/,
    ],
    ["the name of this machine's own", { text: saying({ ...provider, name: 'local' }) }, /name it otherwise/],
    ['a directory without its key', { text: saying(GOOGLE) }, /--service-account/],
    [
      'a key that is not there',
      { text: saying(GOOGLE), serviceAccountFile: join(folder, 'nothing') },
      /--service-account: .*nothing cannot be read/,
    ],
  ])('is refused at the start: %s', (_, given, said) => {
    expect(() => signInGiven(given)).toThrow(StartFailure)
    expect(() => signInGiven(given)).toThrow(said)
  })
})
