import type { Result } from '@countersign/core/shared'

/** A 2xx answer; `text` is the body as it came, `etag` the version of what it shows. */
export interface Answer<Body> {
  readonly status: number
  readonly body: Body
  readonly text: string
  readonly etag?: string | undefined
}

/** RFC 9457; `code` is the snake_case reason, `pointer` an RFC 6901 pointer into the body that was sent. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
  readonly instance?: string
  readonly code: string
  readonly errors?: readonly {
    readonly pointer?: string
    readonly code?: string
    readonly detail?: string
  }[]
}

/** The platform said no; `text` is the body as it came. */
export interface Refusal {
  readonly reason: 'problem'
  readonly problem: Problem
  readonly text: string
}

/** Nobody answered in time, or what answered is not the platform. Whether the command took effect is not known. */
export interface Unreachable {
  readonly reason: 'unreachable'
  readonly cause: unknown
}

export type Failure = Refusal | Unreachable
export type Outcome<Body> = Result<Answer<Body>, Failure>
