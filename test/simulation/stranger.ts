import { createHash } from 'node:crypto'

/** Who signs with a key of his own, under a name that no ring has. */
export const STRANGER = {
  kid: 'key_5',
  secret: createHash('sha512').update('made by a stranger').digest('base64url'),
} as const
