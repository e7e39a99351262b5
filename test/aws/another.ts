import { randomUUID } from 'node:crypto'
import type { Evaluation, Inputs } from '../stacks/evaluation.ts'
import { KINDS, type Kind, the } from '../stacks/graph.ts'
import { createResource } from './resources/index.ts'
import type { Wire } from './wire.ts'

export type Another = ReturnType<typeof resourcesOf>['another']

/** Makes single resources of the evaluated graph, where a whole deployment would be too much. */
export const resourcesOf = (graph: Evaluation, wire: Wire) => {
  const create = (kind: Kind, name: string, inputs: Inputs) => createResource(wire, KINDS[kind], name, inputs)
  return {
    create,
    /** As the stacks ask for it, under a name of its own. */
    another: (kind: Kind, name: string, inputs: Inputs = {}) =>
      create(kind, name, { ...the(graph, kind, name), name: `${name}-${randomUUID()}`, ...inputs }),
  }
}
