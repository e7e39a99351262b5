import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'

/**
 * Signs one token with the key that `consumers register --self-signing --secret-file FILE` handed out, with nothing but
 * Node. Any JOSE library does the same: the file is a JSON Web Key (RFC 7517), the token a JWT (RFC 7519).
 *
 *   node sign.mjs FILE [role …]
 */
const [file, ...roles] = process.argv.slice(2)
if (!file) {
  process.stderr.write('usage: node sign.mjs FILE [role …]\n')
  process.exit(2)
}
const { kid, k } = JSON.parse(readFileSync(file, 'utf8'))
const now = Math.floor(Date.now() / 1_000)
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const signed = [
  part({ alg: 'HS512', typ: 'JWT', kid }),
  part({
    iss: kid.split('.')[0], // the consumer that the key belongs to
    jti: randomUUID(), // so that this one token can be refused
    iat: now,
    exp: now + 300,
    ...(roles.length > 0 && { roles }), // for the backend; they open nothing
  }),
].join('.')
const signature = createHmac('sha512', Buffer.from(k, 'base64url')).update(signed).digest('base64url')
process.stdout.write(`${signed}.${signature}\n`)
