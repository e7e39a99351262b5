import { describe, expect, it } from 'vitest'
import { consumerKid, consumerOfKid } from './consumer-kid.ts'

describe('the kid of a key that a consumer signs with', () => {
  it('names the consumer, whatever the token claims', () => {
    expect(consumerKid('con_00ff', 'key_11ee')).toBe('con_00ff.key_11ee')
    expect(consumerOfKid('con_00ff.key_11ee')).toBe('con_00ff')
  })

  it.for([
    '',
    '.',
    'key_11ee',
    'con_00ff',
    'con_00ff.',
    '.key_11ee',
    'con_.key_11ee',
    'con_00ff.key_',
    'con_00ff.con_11ee',
    'key_00ff.key_11ee',
    'con_00ff.key_11ee.key_22dd',
    'con_00ff..key_11ee',
    'con_00ff/key_11ee',
    'con_00FF.key_11ee',
    ' con_00ff.key_11ee',
    'con_00ff.key_11ee\n',
  ])('is not %j', (kid) => {
    expect(consumerOfKid(kid)).toBeUndefined()
  })
})
