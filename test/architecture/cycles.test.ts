import { describe, expect, it } from 'vitest'
import { importsOf, manifestOf, packages, sources, targetOf } from './sources.ts'

type Graph = ReadonlyMap<string, readonly string[]>

/** The first way found from a node back to itself. */
const cycleIn = (graph: Graph): readonly string[] | undefined => {
  const done = new Set<string>()
  const follow = (node: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node]
    if (done.has(node)) return undefined
    for (const next of graph.get(node) ?? []) {
      const found = follow(next, [...way, node])
      if (found) return found
    }
    done.add(node)
    return undefined
  }
  for (const node of graph.keys()) {
    const found = follow(node, [])
    if (found) return found
  }
  return undefined
}

const files: Graph = new Map(
  sources.map((source) => [
    source.path,
    importsOf(source)
      .filter(({ typeOnly }) => !typeOnly)
      .flatMap((one) => targetOf(one) ?? []),
  ]),
)

/** What is evaluated while it is only half there depends on who was imported first, and on the bundler. */
describe('imports', () => {
  it('never lead back to the file they came from', () => {
    expect(files.size).toBeGreaterThan(300)
    expect(cycleIn(files)).toBeUndefined()
  })

  it('never lead back to the package they came from', () => {
    const graph: Graph = new Map(
      packages.map((folder) => {
        const { name, dependencies = {} } = manifestOf(folder)
        return [name, Object.keys(dependencies).filter((other) => other.startsWith('@countersign/'))]
      }),
    )
    expect([...graph.values()].flat().length).toBeGreaterThan(5)
    expect(cycleIn(graph)).toBeUndefined()
  })

  it('are followed: a cycle is found where there is one', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', []],
      ['d', ['b']],
    ])
    expect(cycleIn(graph)).toEqual(['b', 'd', 'b'])
  })
})
