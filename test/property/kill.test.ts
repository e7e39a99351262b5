import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CRASH_POINTS, type CrashPoint, type Doomed, type FromChild, spawnDoomed } from '../support/crash.ts'
import { type Called, callUrl } from '../support/world.ts'
import { autopsy, expectKeysLogged, expectPublished, expectRefused, expectRemembered } from './autopsy.ts'
import { acknowledged, type Command, chooser, isRefused, newStory } from './kill-story.ts'
import { oneOf, randomOf, seedOf, shuffled, wholeBelow } from './seed.ts'

const KILLS = 54
const COMMANDS_AT_MOST = 60

type Ready = Extract<FromChild, { says: 'ready' }>

const random = randomOf(seedOf('kill'))
const root = mkdtempSync(join(tmpdir(), 'countersign-kill-'))
const data = join(root, 'data')
afterAll(() => rmSync(root, { recursive: true, force: true }))

const story = newStory()
const choose = chooser(story)
const killedAt = new Map<CrashPoint, number>()

/** The command whose answer was not heard, and the last one whose answer was. */
let unheard: Command | undefined
let heard: { readonly command: Command; readonly answer: string } | undefined

/** A deck of points, dealt until it is empty and then anew, so that every point has its turn. */
const deck: CrashPoint[] = []
const nextPoint = (): CrashPoint => {
  if (deck.length === 0) deck.push(...shuffled(random, CRASH_POINTS))
  return deck.pop() ?? 'committed'
}

/** Somebody who does not survive what is asked of him. */
class Dead extends Error {}

const operatorIn = (credential: string): string => {
  const payload = Buffer.from(credential.split('.')[1] ?? '', 'base64url').toString()
  return (JSON.parse(payload) as { readonly sub: string }).sub
}

const send = async (ready: Ready, { key, method, path, body }: Command): Promise<Called> => {
  const token = readFileSync(ready.credentialFile, 'utf8')
  const rawHeaders = ['idempotency-key', key, 'content-type', 'application/json']
  try {
    return await callUrl(ready.api, { method, path, token, rawHeaders }, JSON.stringify(body))
  } catch {
    throw new Dead()
  }
}

const perform = async (ready: Ready, command: Command): Promise<void> => {
  unheard = command
  const called = await send(ready, command)
  command.learn(acknowledged(command, called))
  heard = { command, answer: called.body }
  unheard = undefined
}

const callWith = async (ready: Ready, { presented, gatewayId }: (typeof story.tokens)[number]) => {
  try {
    const path = `/${gatewayId}/v1/things`
    return (await callUrl(ready.gateway, { path, token: presented })).status
  } catch {
    throw new Dead()
  }
}

/** The same key again: the same answer, to the byte of a token, and no second effect (the logs are compared later). */
const repeatWhatWasSaid = async (ready: Ready): Promise<void> => {
  if (heard) expect((await send(ready, heard.command)).body).toBe(heard.answer)
  if (!unheard) return
  const command = unheard
  await perform(ready, command)
  expect((await send(ready, command)).body).toBe(heard?.answer)
}

const expectRebuilt = async (child: Doomed): Promise<void> => {
  const compared = await child.ask({ do: 'compare' }, 'compared')
  if (!compared) throw new Dead()
  expect(compared.differing).toEqual([])
  expect(compared.rows).toBeGreaterThan(0)
}

const arm = async (child: Doomed, point: CrashPoint | '', times: number): Promise<void> => {
  if (!(await child.ask({ do: 'arm', point, times }, 'armed'))) throw new Dead()
}

/** What was accepted before still is, and what was refused still is, through the gateway. */
const callSome = async (ready: Ready): Promise<void> => {
  const accepted = story.tokens.filter((token) => !isRefused(token))
  if (accepted.length > 0) expect(await callWith(ready, oneOf(random, accepted))).toBe(200)
  const refused = story.tokens.filter(isRefused)
  if (refused.length > 0) expect(await callWith(ready, oneOf(random, refused))).toBe(401)
}

/** What the API Hub said and the bus took; none of it may be lost, and none of it done twice. */
const published: string[] = []
const publish = async (child: Doomed, count: number): Promise<void> => {
  const name = `published-${[...killedAt.values()].reduce((sum, kills) => sum + kills, 0)}-${count}`
  if (!(await child.ask({ do: 'publish', name }, 'published'))) throw new Dead()
  published.push(name)
}

const workUntilDeath = async (child: Doomed, ready: Ready, point: CrashPoint): Promise<void> => {
  const wanted = point === 'staged' || point === 'promoted' ? 'rotation' : undefined
  for (let count = 0; count < COMMANDS_AT_MOST; count++) {
    if (random() < 0.2) await publish(child, count)
    await perform(ready, choose(random, random() < 0.5 ? wanted : undefined))
    const last = story.tokens.find(({ id }) => heard?.command.path.includes(id))
    // At once: nothing has been waited for since the answer came.
    if (last && isRefused(last)) expect([401, 403]).toContain(await callWith(ready, last))
  }
  throw new Error(`"${point}" was not passed in ${COMMANDS_AT_MOST} commands`)
}

/** One life: from its start to its death, wherever that comes. */
const live = async (
  child: Doomed,
  startPoint: CrashPoint | '',
  spawnNext: () => void,
): Promise<CrashPoint | ''> => {
  let point: CrashPoint | '' = startPoint
  try {
    const ready = await child.ask({ do: 'start' }, 'ready')
    if (!ready) throw new Dead()
    spawnNext()
    await arm(child, '', 1)
    point = ''
    await repeatWhatWasSaid(ready)
    await expectRebuilt(child)
    await callSome(ready)
    const next = nextPoint()
    await arm(child, next, 1 + wholeBelow(random, next === 'staged' || next === 'promoted' ? 2 : 4))
    point = next
    await workUntilDeath(child, ready, point)
  } catch (error) {
    if (!(error instanceof Dead)) throw error
  }
  return point
}

const examine = async (): Promise<void> => {
  const operator = operatorIn(readFileSync(join(data, 'operator.token'), 'utf8'))
  await autopsy(data, async (remains) => {
    await expectRefused(remains, story, unheard?.path)
    await expectRemembered(remains, story, operator, unheard ? 1 : 0)
  })
}

describe('kill -9', () => {
  it(`at ${KILLS} points of the pipeline loses nothing acknowledged and opens nothing refused`, {
    timeout: 300_000,
  }, async () => {
    let startPoint: CrashPoint | '' = ''
    let child = spawnDoomed(data)
    for (let kills = 0; kills < KILLS; kills++) {
      let next: { child: Doomed; startPoint: CrashPoint | '' } | undefined
      const spawnNext = () => {
        const dying = random() < 0.25 ? oneOf(random, CRASH_POINTS.slice(0, 7)) : ''
        next = { child: spawnDoomed(data, dying), startPoint: dying }
      }
      const point = await live(child, startPoint, spawnNext)
      expect(await child.death, `at "${point}"`).toBe('SIGKILL')
      if (point === '') throw new Error('it died where nobody killed it')
      killedAt.set(point, (killedAt.get(point) ?? 0) + 1)
      await examine()
      if (!next) spawnNext()
      if (next) ({ child, startPoint } = next)
    }
    await finish(child)
    expect([...killedAt.keys()].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      CRASH_POINTS.toSorted((a, b) => (a < b ? -1 : 1)),
    )
  })
})

/** The last one lives: all of it once more, over HTTP, with nothing unheard. */
const finish = async (last: Doomed): Promise<void> => {
  last.kill()
  await last.death
  const child = spawnDoomed(data)
  const ready = await child.ask({ do: 'start' }, 'ready')
  if (!ready) throw new Error('the last platform did not start')
  try {
    await repeatWhatWasSaid(ready)
    await expectRebuilt(child)
    for (const token of story.tokens) expect(await callWith(ready, token)).toBe(isRefused(token) ? 401 : 200)
  } finally {
    child.kill()
    await child.death
  }
  await examine()
  await autopsy(data, async (remains) => {
    await expectKeysLogged(remains)
    expect(published.length).toBeGreaterThan(0)
    await expectPublished(remains, published)
  })
}
