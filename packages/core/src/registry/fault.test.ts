import { describe, expect, it } from 'vitest'
import { fault } from './fault.ts'

describe('a reason against a document', () => {
  it('says what it quotes, up to 300 characters of it', () => {
    const longest = 'x'.repeat(300)
    expect(fault('/a', 'route_malformed', longest)).toEqual({
      ...{ pointer: '/a', code: 'route_malformed' },
      detail: longest,
    })
    expect(fault(`${longest}y`, 'route_malformed', `${longest}y`)).toEqual({
      ...{ pointer: `${longest}…`, code: 'route_malformed' },
      detail: `${longest}…`,
    })
  })

  it('is cut into no half of a character', () => {
    const { detail } = fault('', 'route_malformed', `${'x'.repeat(299)}🔑 and more`)
    expect(detail).toBe(`${'x'.repeat(299)}\ufffd…`)
  })
})
