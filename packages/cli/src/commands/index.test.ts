import { describe, expect, it } from 'vitest'
import { GLOBAL_OPTIONS } from '../command.ts'
import { commands } from './index.ts'

describe('the options of all commands', () => {
  it('take a value wherever they have one name, or nowhere: a command is found before it is known whose they are', () => {
    const every = [GLOBAL_OPTIONS, ...commands.map(({ options = {} }) => options)].flatMap(Object.entries)
    const kinds = Map.groupBy(every, ([name]) => name)
    const mixed = [...kinds].filter(([, alike]) => new Set(alike.map(([, { value }]) => !!value)).size > 1)
    expect(mixed.map(([name]) => name)).toEqual([])
  })
})
