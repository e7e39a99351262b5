/** Defects that a run can be given, to prove that it finds them: in wrappers around the ports, never in the product. */
export const BUGS = {
  'the projector ignores ranks': 'what is delivered late overwrites what came later',
  'a late grant overwrites the tombstone': 'writing a grant empties the register of the refusal',
  'refusals come with the projector': 'the command leaves out what takes access away',
  'refusals come after the commit': 'in a second transaction, before which a process can die',
  'the fence is lifted early': 'an hour after its entry was made',
  'tombstones are swept early': 'an hour after the revocation, long before the token has ended',
  'the relay moves on before it has published': 'what was read is lost when the process dies',
  'messages are deleted before they are handled': 'at most once instead of at least once',
  'a redrive loses the dead letters': 'they are taken from the dead and put nowhere',
  'keys sign as soon as they are made': 'no authorizer had an occasion to learn of them',
  'a rotation drops the keys before': 'tokens alive are of a key that is gone',
  'authorizers never look at the ring again': 'what they read first is kept for ever',
  'rows are read late': 'an authorizer sees the read model as it was a while ago',
  'the gateway keeps its yes by token alone': 'whatever route it was asked for first',
  'the gateway keeps answers too long': 'an hour instead of five seconds',
  'repetitions are not recognised': 'the record under an Idempotency-Key is not found',
  'writers overwrite each other': 'the version that was decided on is not compared',
  'tokens are logged': 'a log line carries what was presented',
  'the clock of an authorizer stands still': 'nothing ends for it',
} as const

export type Bug = keyof typeof BUGS
