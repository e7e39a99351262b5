import { allItems } from '@countersign/client'
import { createTeller, expect, type Tell } from '../tell.ts'
import { called, get, NOBODY } from './calling.ts'
import {
  apiKey,
  consumerSigned,
  issuedToken,
  publicKeys,
  publish,
  type Shown,
  sessions,
  signedRequest,
} from './chapters.ts'
import type { TourScene } from './scene.ts'

/**
 * Each kind of credential, opening what is its own and refused everywhere else, and a table of them all at the end.
 * `another`: a platform whose keys are of EdDSA. Throws `StoryBroken` when a step does not do what it says.
 */
export const tellTour = async (
  scene: TourScene,
  another: () => Promise<TourScene>,
  tell: Tell,
): Promise<void> => {
  const step = createTeller(tell, () => performance.now())
  const chapter = (title: string) => tell(`\n    ${title}`)
  tell('    One API, each of its routes protected in its own way')
  await step(() => publish(scene))
  await step(() => called(scene, '/notices', [NOBODY, 'an open route, to nobody in particular'], 200))
  await step(() => called(scene, '/tenancies/7', [NOBODY, 'without a credential'], 401))
  chapter('A token that the platform issues, signed with HS512')
  const issued = await issuedToken(scene, step)
  chapter('The same on a platform whose keys are of EdDSA: anybody can verify, nobody else can sign')
  await publicKeys(another, step, issued)
  chapter('A token that its consumer signs itself')
  const signed = await consumerSigned(scene, step)
  chapter('A session of a person who signs in')
  const session = await sessions(scene, step)
  chapter('An API key with a usage plan')
  const key = await apiKey(scene, step)
  chapter('A request signed with IAM credentials (SigV4)')
  const iam = await signedRequest(scene, step)
  chapter('Who opens what')
  const nobody = { who: 'nobody', caller: NOBODY, secrets: [] }
  const everybody = [issued, signed, session, key, iam, nobody]
  await tellTable(scene, everybody, tell)
  await step(() => audited(scene, everybody))
}

const PATHS = ['/notices', '/tenancies/7', '/visits', '/repairs/7', '/reports', '/exports'] as const

/** By caller, in the order of the paths. */
const EXPECTED: Readonly<Record<string, string>> = {
  'issued token': '200 200 403 200 401 403',
  'consumer-signed': '200 200 403 200 401 403',
  session: '200 403 200 200 401 403',
  'API key': '200 401 401 401 200 403',
  SigV4: '200 401 401 401 401 200',
  nobody: '200 401 401 401 401 403',
}

const tellTable = async (scene: TourScene, everybody: readonly Shown[], tell: Tell): Promise<void> => {
  tell(
    `    ${''.padEnd(17)}${PATHS.map((path) => path.padEnd(14))
      .join('')
      .trimEnd()}`,
  )
  for (const { who, caller } of everybody) {
    const found: number[] = []
    for (const path of PATHS)
      found.push((await get(scene, path, typeof caller === 'function' ? caller(path) : caller)).status)
    tell(
      `    ${who.padEnd(17)}${found
        .map((status) => String(status).padEnd(14))
        .join('')
        .trimEnd()}`,
    )
    expect(found.join(' ') === EXPECTED[who], `${who} should be answered ${EXPECTED[who]}`)
  }
  tell('')
}

const audited = async ({ client }: TourScene, everybody: readonly Shown[]) => {
  const log = await allItems((cursor) => client.audit.events({ limit: 100, ...(cursor && { cursor }) }))
  expect(log.ok, 'the audit log could not be read')
  const text = JSON.stringify(log.value)
  const secrets = everybody.flatMap((one) => one.secrets)
  expect(
    secrets.every((secret) => !text.includes(secret.slice(-24))),
    'the audit log holds a part of a credential',
  )
  return {
    said: `The audit log tells it all in ${log.value.length} events, and holds no credential`,
    value: undefined,
  }
}
