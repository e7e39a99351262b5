import { existsSync, readFileSync } from 'node:fs'
import { Redacted } from '@countersign/core/shared'
import { writeCredential } from '@countersign/functions/runtime/credential-file'
import type { LocalCredential } from './iam.ts'

/** From a CSPRNG. */
type RandomBytes = (count: number) => Uint8Array

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const keyId = (prefix: 'AKIA' | 'ASIA', randomBytes: RandomBytes): string =>
  prefix + Array.from(randomBytes(16), (byte) => BASE32[byte % 32]).join('')

const secretOf = (randomBytes: RandomBytes, count: number) =>
  new Redacted(Buffer.from(randomBytes(count)).toString('base64'))

/** One lasting pair of keys, and one temporary pair with its session token. */
export const createLocalCredentials = (randomBytes: RandomBytes): readonly LocalCredential[] => [
  { name: 'default', accessKeyId: keyId('AKIA', randomBytes), secretAccessKey: secretOf(randomBytes, 30) },
  {
    name: 'session',
    accessKeyId: keyId('ASIA', randomBytes),
    secretAccessKey: secretOf(randomBytes, 30),
    sessionToken: secretOf(randomBytes, 90),
  },
]

const NOTE = `# Signs requests to iam routes of the gateway emulation on this machine, and opens nothing anywhere else.
# AWS_SHARED_CREDENTIALS_FILE takes this file.
`

/** The form of AWS's shared credentials file, which every SDK and signing tool reads. */
export const formatCredentials = (credentials: readonly LocalCredential[]): Redacted<string> =>
  new Redacted(NOTE + credentials.map(profileOf).join(''))

const profileOf = ({ name, accessKeyId, secretAccessKey, sessionToken }: LocalCredential): string =>
  [
    `\n[${name}]`,
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey.reveal()}`,
    ...(sessionToken ? [`aws_session_token = ${sessionToken.reveal()}`] : []),
    '',
  ].join('\n')

/** Undefined when the text is no credentials file, or a profile in it is not whole. */
export const parseCredentials = (text: string): readonly LocalCredential[] | undefined => {
  const profiles = new Map<string, Map<string, string>>()
  let current: Map<string, string> | undefined
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const [, name] = /^\[([\w.-]+)\]$/.exec(line) ?? []
    const [, member, value] = /^(\w+)\s*=\s*(\S+)$/.exec(line) ?? []
    if (name !== undefined) {
      current = new Map()
      profiles.set(name, current)
    } else if (current && member !== undefined && value !== undefined) current.set(member, value)
    else return undefined
  }
  const read = [...profiles].map(([name, members]) => credentialIn(name, members))
  return read.every((one) => one !== undefined) && read.length > 0 ? read : undefined
}

const credentialIn = (name: string, members: ReadonlyMap<string, string>): LocalCredential | undefined => {
  const accessKeyId = members.get('aws_access_key_id')
  const secret = members.get('aws_secret_access_key')
  const token = members.get('aws_session_token')
  if (accessKeyId === undefined || secret === undefined) return undefined
  const lasting = { name, accessKeyId, secretAccessKey: new Redacted(secret) }
  return token === undefined ? lasting : { ...lasting, sessionToken: new Redacted(token) }
}

/** What the file holds; made at the first start, readable by its owner alone. Throws when it holds something else. */
export const openLocalCredentials = (file: string, randomBytes: RandomBytes): readonly LocalCredential[] => {
  if (!existsSync(file)) writeCredential(file, formatCredentials(createLocalCredentials(randomBytes)))
  const credentials = parseCredentials(readFileSync(file, 'utf8'))
  if (!credentials) throw new Error(`${file} is no credentials file; remove it to have it made anew`)
  return credentials
}
