import * as z from 'zod'
import { type Id, type IdKind, isId } from './id.ts'
import { AUTHORIZATIONS, isTemplate, METHODS } from './route.ts'

export const idOf = <K extends IdKind>(kind: K) =>
  z.custom<Id<K>>((value) => isId(kind, value), { error: `not the id of a ${kind}` })

/** A short name that people type: letters, digits, `-`, `_`, `.`; starts with a letter or a digit. */
export const Slug = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: 'use 1 to 64 letters, digits, ".", "_" or "-"' })

/** One line of text for people. */
export const Line = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, { error: 'one line of text' })

export const Instant = z.iso.datetime({
  error: 'use an RFC 3339 instant in UTC, such as 2026-01-31T00:00:00Z',
})

/** `sha-256:` and the unpadded base64url digest of a secret, which nobody turns back into the secret. */
export const Digest = z.string().regex(/^sha-256:[\w-]{43}$/)

export const CoordinatesSchema = z.strictObject({
  accountId: z.string().regex(/^[0-9]{12}$/, { error: 'an AWS account id has 12 digits' }),
  region: z
    .string()
    .regex(/^[a-z]{2}(?:-[a-z]+)+-[0-9]$|^local$/, { error: 'not the name of an AWS region' }),
  gatewayId: z.string().regex(/^[a-z0-9]{1,32}$/, { error: 'not the id of a REST or HTTP API' }),
  stage: z.string().regex(/^(?:[A-Za-z0-9_-]{1,128}|\$default)$/, { error: 'not the name of a stage' }),
})

export const RouteSchema = z.object({
  method: z.enum(METHODS),
  path: z.string().max(1_024).refine(isTemplate, { error: 'not a path template' }),
})

export const ProtectedRouteSchema = RouteSchema.extend({ authorization: z.enum(AUTHORIZATIONS) })

/** A group by its stable id: no space and no comma, because backends are told a caller's groups as one list. */
export const GroupId = z
  .string()
  .max(256)
  .regex(/^[^\s,\p{Cc}]+$/u, { error: 'the id of a group: 1 to 256 characters without spaces and commas' })
