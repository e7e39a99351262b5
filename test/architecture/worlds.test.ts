import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PARTS } from '../aws/acceptance.suite.ts'

const folder = join(import.meta.dirname, '../acceptance')
const stories = readdirSync(folder).filter((name) => name.endsWith('.test.ts'))
const exceptions = readFileSync(join(folder, 'worlds.golden.txt'), 'utf8').trim().split('\n')

/** `pnpm test:aws` tells them all on the deployed system; here one sees it without an emulator. */
describe('the stories of test/acceptance', () => {
  it.each(stories)('%s is told in whatever world it finds, or says why it cannot be', (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    expect(text).toMatch(/\bopen(?:SignIn)?World\(|\bonly\(/)
    expect(text).not.toMatch(/\bstartPlatform\(/)
  })

  it('are told there in parts that together are all of them', () => {
    const told = readdirSync(join(folder, '../aws'))
      .filter((name) => /^acceptance-\d+\.test\.ts$/.test(name))
      .map((name) => /tellStories\((\d+)\)/.exec(readFileSync(join(folder, '../aws', name), 'utf8'))?.[1])
    expect(told).toEqual(Array.from({ length: PARTS }, (_, part) => `${part + 1}`))
  })

  it('name the same exceptions as the list of them', () => {
    const tagged = stories.filter((name) => readFileSync(join(folder, name), 'utf8').includes('only('))
    const listed = exceptions.map((line) => line.split(': ')[1])
    expect(new Set(listed)).toEqual(new Set(tagged))
  })
})
