import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createClient } from '@countersign/client'
import { Redacted } from '@countersign/client/redacted'
import { catalog, hubEvents } from '@countersign/core/events'
import * as topology from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { importsOf, ROOT, sources, targetOf } from './sources.ts'

/** Every `module` that stands anywhere in the topology, whatever it will have been extended by. */
const modulesIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'module' && typeof member === 'string' ? [member] : modulesIn(member),
  )
}

const { inboxes: _both, ...tables } = topology
const modules = modulesIn(tables)
const { auditOnly, routes, subscriptions } = topology
/** Webhooks carry every event on, whoever reacts to it. */
const subscribed = Object.values(subscriptions).flatMap(({ on }): readonly string[] =>
  on === 'every' ? [] : on,
)

describe('the topology', () => {
  it('names every module once', () => {
    expect(modules.length).toBeGreaterThan(30)
    expect(modules.length).toBe(new Set(modules).size)
  })

  it.each(modules)('%s exists, and exports `make` and `handler`', async (module) => {
    const file = join(ROOT, `${module}.ts`)
    expect(existsSync(file)).toBe(true)
    const loaded = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
    expect([typeof loaded.make, typeof loaded.handler]).toEqual(['function', 'function'])
  })

  it('names every file that lies in the folder of a trigger, or that file serves one which is named', () => {
    const folders = new Set(modules.map((module) => dirname(module)))
    const lying = [...folders].flatMap((folder) =>
      readdirSync(join(ROOT, folder))
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map((name) => `${folder}/${name}`),
    )
    const served = new Set(
      sources.flatMap((source) =>
        importsOf(source).flatMap((one) => {
          const target = targetOf(one)
          return target !== undefined && dirname(target) === dirname(source.path) ? [target] : []
        }),
      ),
    )
    expect(lying.length).toBeGreaterThanOrEqual(modules.length)
    expect(lying.filter((file) => !modules.includes(file.replace(/\.ts$/, '')) && !served.has(file))).toEqual(
      [],
    )
  })

  it.each(Object.keys(catalog))('somebody reacts to %s, or it is said that nobody does', (type) => {
    const reacting = [subscribed.includes(type), (auditOnly as readonly string[]).includes(type)]
    expect(reacting.filter(Boolean)).toHaveLength(1)
  })

  it('reacts to no event that does not exist', () => {
    const known = [...Object.keys(catalog), ...Object.keys(hubEvents)]
    expect(known).toEqual(expect.arrayContaining([...subscribed, ...auditOnly]))
  })

  it('reacts to each event that the API Hub may publish', () => {
    expect(subscribed).toEqual(expect.arrayContaining(Object.keys(hubEvents)))
  })

  /** 10 calls a second, for everybody (API Gateway developer guide, "Quotas"). */
  it("stays within what API Gateway's control plane takes of an account, all its functions together", () => {
    const calling: readonly string[] = ['usage-plans:provision', 'authorizer-caches:flush']
    const callers = Object.entries(topology.subscriptions).filter(([, { links }]) =>
      links.some((link) => calling.includes(link)),
    )
    const calls = callers.map(([, inbox]) => {
      const { mostAtOnce = Number.POSITIVE_INFINITY, callMilliseconds = 0 }: topology.Inbox = inbox
      return (mostAtOnce * 1_000) / callMilliseconds
    })
    expect(calls).toHaveLength(2)
    expect(calls.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(10)
  })

  it('has a method of the client for every route, and the client has no other', async () => {
    const sent = new Set<string>()
    const fetch = async (url: string | URL | Request, { method = '' }: RequestInit = {}) => {
      sent.add(`${method} ${new URL(String(url)).pathname}`)
      return Response.json({})
    }
    const client = createClient({ endpoint: 'http://127.0.0.1', credential: new Redacted('t'), fetch })
    const methods = Object.values(client).flatMap((group) => Object.values(group))
    for (const call of methods as readonly ((...words: readonly string[]) => Promise<unknown>)[])
      await call('one', 'two', 'three').catch(() => undefined)
    const shape = (route: string) => route.replaceAll(/\{\w+\}|\bone\b|\btwo\b/g, '*')
    expect(new Set([...sent].map(shape))).toEqual(new Set(Object.keys(routes).map(shape)))
  })
})
