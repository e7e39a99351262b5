import { Audit } from '@countersign/core/audit'

export type { Proof, ProofRefusal, Proven, PublishedKey } from '@countersign/core/audit'

/** Checks a proof with the published keys alone: nobody is asked. */
export const { readProof } = Audit
