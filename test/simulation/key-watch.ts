import type { KeyRing } from '@countersign/core/signing-key'
import type { KnownSession, KnownToken } from './oracle.ts'
import type { Violate } from './violation.ts'

const REFRESH_MILLISECONDS = 60_000

/** Clocks that differ, a second of which only the whole part is known, and the moment between a test and its promotion. */
const TOLERANCE_MILLISECONDS = 10_000
const YEAR_SECONDS = 365 * 86_400

export interface KnownKey {
  readonly promotedAt: number
  readonly signsFrom: number
  /** Made because another one was given up, or because there was none: it signs at once. */
  readonly urgent: boolean
  /** It left the ring: it was given up, or its time was over. */
  gone: boolean
}

/** Which keys the ring had since when, and whether what was signed since is of the key that should have signed it. */
export const createKeyWatch = (
  violate: Violate,
  secrets: Set<string>,
  known: Map<string, KnownKey> = new Map(),
) => {
  const promoted = (before: KeyRing | undefined, after: KeyRing, now: number): void => {
    const isGone = ({ kid, createdAt }: KeyRing['keys'][number]) =>
      createdAt + YEAR_SECONDS > now / 1_000 && !after.keys.some((key) => key.kid === kid)
    const added = after.keys.at(-1)?.createdAt ?? 0
    const signs = before?.keys.some(({ signsFrom }) => signsFrom <= added) ?? false
    const urgent = !signs || before?.keys.some(isGone) === true
    for (const { kid } of before?.keys ?? []) {
      const left = known.get(kid)
      if (left && !after.keys.some((key) => key.kid === kid)) left.gone = true
    }
    for (const { kid, signsFrom, secret } of after.keys) {
      secrets.add(secret.reveal())
      if (!known.has(kid)) known.set(kid, { promotedAt: now, signsFrom, urgent, gone: false })
    }
  }
  const signed = ({ id, kid, issuedAt }: KnownToken | KnownSession): void => {
    const key = known.get(kid)
    if (!key) {
      violate('published-before-signing', `${id} is signed by ${kid}, which was in no ring`)
      return
    }
    const latest = issuedAt * 1_000 + TOLERANCE_MILLISECONDS
    if (!key.urgent && key.promotedAt + REFRESH_MILLISECONDS > latest)
      violate('published-before-signing', `${kid} signed ${id} before every authorizer could know it`)
    const due = [...known].filter(([, other]) => !other.gone && other.signsFrom <= issuedAt)
    const [newest] = due.sort(([, a], [, b]) => b.signsFrom - a.signsFrom)
    if (newest && newest[0] !== kid && !newest[1].urgent && key.signsFrom < newest[1].signsFrom)
      violate('one-key-signs', `${kid} signed ${id} when it was ${newest[0]}'s turn`)
  }
  return {
    known,
    promoted,
    signed,
    kids: (): readonly string[] => [...known.keys()],
    /** A key that signed at once may be unknown to those who looked a moment ago. */
    isNew: (kid: string, now: number): boolean => {
      const key = known.get(kid)
      return key?.urgent === true && key.promotedAt + REFRESH_MILLISECONDS + TOLERANCE_MILLISECONDS > now
    },
  }
}
