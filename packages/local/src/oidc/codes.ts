import { createHash, randomBytes } from 'node:crypto'

/** What somebody agreed to, until the client collects it. */
export interface Agreed {
  readonly clientId: string
  readonly redirectUri: string
  /** RFC 7636, S256. */
  readonly challenge: string
  readonly nonce: string | undefined
  readonly personId: string
}

/** Authorization codes: each is good once, and for a minute. */
export interface Codes {
  issue(agreed: Agreed, now: number): string
  /** Whatever comes of it, the code is spent. */
  spend(code: string, now: number): Agreed | undefined
}

const LIFE_MILLISECONDS = 60_000
const MOST_CODES = 1_000

export const createCodes = (): Codes => {
  const codes = new Map<string, { readonly agreed: Agreed; readonly until: number }>()
  return {
    issue: (agreed, now) => {
      const [oldest] = codes.keys()
      if (codes.size >= MOST_CODES && oldest !== undefined) codes.delete(oldest)
      const code = randomBytes(32).toString('base64url')
      codes.set(code, { agreed, until: now + LIFE_MILLISECONDS })
      return code
    },
    spend: (code, now) => {
      const found = codes.get(code)
      codes.delete(code)
      return found && found.until > now ? found.agreed : undefined
    },
  }
}

/** RFC 7636 §4.6: the verifier is 43 to 128 unreserved characters, and its digest is the challenge. */
export const isVerifierOf = (verifier: string, challenge: string): boolean =>
  /^[A-Za-z0-9._~-]{43,128}$/.test(verifier) &&
  createHash('sha256').update(verifier).digest('base64url') === challenge
