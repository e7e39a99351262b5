import { secretText } from '@countersign/aws/secret-text'
import type { Identities } from '@countersign/core/session'
import * as Session from '@countersign/core/session/module'
import * as z from 'zod'
import { processServices } from '../process-services.ts'
import type { Environment } from '../services.ts'
import { Name, variable } from '../variables.ts'
import { identities } from './identities.ts'

/** `{"sessionSeconds": 900, "providers": [...]}`: who may vouch for people. */
const SignIn = z.string().transform((text, context): Session.SignInConfiguration => {
  const read = Session.readSignIn(text)
  if (read.ok) return read.value
  context.addIssue({ code: 'custom', message: read.error })
  return z.NEVER
})

export const connectIdentities = (environment: Environment): Identities => {
  const configuration = variable(environment, 'SIGN_IN', SignIn)
  return identities({
    clock: processServices.clock,
    configuration: () => configuration,
    serviceAccount: secretText({ secret: () => variable(environment, 'DIRECTORY_SECRET', Name) }),
  })
}
