/** Why there was no decision: every one is answered with 500, never with Allow, and counted by this name. */
export type FailureReason = 'key_ring_unavailable' | 'read_model_unavailable' | 'defect'

const causes = new WeakMap<object, FailureReason>()

/** The same promise; what it fails with is known to `failureOf`, and goes on as it is. */
export const noting = <T>(reason: FailureReason, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    if (typeof error === 'object' && error !== null) causes.set(error, reason)
    throw error
  })

export const failureOf = (error: unknown): FailureReason =>
  (typeof error === 'object' && error !== null ? causes.get(error) : undefined) ?? 'defect'
