import { isDeepStrictEqual } from 'node:util'
import { type Platform, type Step, startPlatform } from '@countersign/local'
import type { CrashPoint, FromChild, ToChild } from './crash.ts'

/*
 * A platform that dies by its own hand: without warning, at the n-th time it passes a point. The parent says which,
 * before it starts or while it runs. argv: the data folder, the point or nothing, n.
 */
const [folder = '', first = '', times = '1'] = process.argv.slice(2)

let armed: { point: string; left: number } | undefined
const arm = (point: string, left: number) => {
  armed = point === '' ? undefined : { point, left }
}

const passed = (point: CrashPoint): void => {
  if (armed?.point !== point || --armed.left > 0) return
  process.kill(process.pid, 'SIGKILL')
  // Whatever the kernel lets us do until it is carried out must not be work.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** Points that lie between two effects of a rotation, where the platform itself tells of none. */
const watchRotations = ({ services: { keyRing } }: Platform): void => {
  const { stage, promote } = keyRing
  Object.assign(keyRing, {
    stage: async (...given: Parameters<typeof stage>) => {
      await stage(...given)
      passed('staged')
    },
    promote: async (...given: Parameters<typeof promote>) => {
      const promoted = await promote(...given)
      passed('promoted')
      return promoted
    },
  })
}

const tell = (message: FromChild) => process.send?.(message)

const compare = async (platform: Platform): Promise<void> => {
  await platform.drain()
  const { rebuilt, live } = await platform.readModels()
  const differing = [...new Set([...rebuilt.keys(), ...live.keys()])].filter(
    (key) => !isDeepStrictEqual(rebuilt.get(key), live.get(key)),
  )
  tell({ says: 'compared', rows: live.size, differing })
}

/** Acknowledged once it is on the bus. */
const publish = (platform: Platform, name: string): void => {
  platform.publishHubEvent('api-hub.api-published', {
    publicationId: name,
    name,
    owner: 'hub',
    authorization: 'token',
    openapi: {
      openapi: '3.1.0',
      info: { title: name, version: '1' },
      paths: { '/things': { get: { responses: { '200': { description: 'things' } } } } },
    },
    deployments: [
      {
        environment: 'staging',
        accountId: '111111111111',
        region: 'eu-west-2',
        gatewayId: name.replaceAll('-', ''),
        stage: 'v1',
      },
    ],
  })
  tell({ says: 'published' })
}

process.once('message', async () => {
  arm(first, Number(times))
  const platform = await startPlatform({
    data: folder,
    port: 0,
    gatewayPort: 0,
    visibilityMilliseconds: 200,
    onStep: (step: Step) => passed(step),
  })
  watchRotations(platform)
  process.on('message', (message: ToChild) => {
    if (message.do === 'arm') arm(message.point, message.times)
    else if (message.do === 'compare') void compare(platform)
    else if (message.do === 'publish') publish(platform, message.name)
    if (message.do === 'arm') tell({ says: 'armed' })
  })
  const { api, gateway, credentialFile } = platform
  tell({ says: 'ready', api, gateway, credentialFile })
})
process.once('disconnect', () => process.exit())
tell({ says: 'loaded' })
