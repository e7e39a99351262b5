import { afterAll, describe, expect, it } from 'vitest'
import { TENANCY, tenancies } from '../acceptance/given.ts'

/** RFC 6750 §2: one header, one scheme; what the systems before this one read from elsewhere is refused. */
describe('a credential', async () => {
  const world = await tenancies()
  afterAll(() => world.stop())
  const { secret } = world.token
  const status = async (rawHeaders: readonly string[], path = TENANCY) =>
    (await world.call({ path, rawHeaders })).status

  it.each([
    ['Authorization', `Bearer ${secret}`],
    ['authorization', `Bearer ${secret}`],
    ['AUTHORIZATION', `Bearer ${secret}`],
    ['aUtHoRiZaTiOn', `bearer ${secret}`],
    ['Authorization', `BEARER ${secret}`],
    ['Authorization', `Bearer   ${secret}`],
  ])('is read whatever the case: %s', async (name, value) => {
    expect(await status([name, value])).toBe(200)
  })

  it.each([
    ['a bare token', ['Authorization', secret]],
    ['an empty header', ['Authorization', '']],
    ['a scheme alone', ['Authorization', 'Bearer']],
    ['another scheme', ['Authorization', `Basic ${secret}`]],
    ['a scheme glued to it', ['Authorization', `Bearer${secret}`]],
    ['the scheme twice', ['Authorization', `Bearer Bearer ${secret}`]],
    ['quotes', ['Authorization', `Bearer "${secret}"`]],
    ['a tab for a space', ['Authorization', `Bearer\t${secret}`]],
    ['something after it', ['Authorization', `Bearer ${secret} x`]],
    ['two in one header', ['Authorization', `Bearer ${secret}, Bearer ${secret}`]],
    ['two headers', ['Authorization', `Bearer ${secret}`, 'Authorization', `Bearer ${secret}`]],
    ['two headers in two cases', ['Authorization', 'Bearer x', 'authorization', `Bearer ${secret}`]],
    ['a good one before garbage', ['authorization', `Bearer ${secret}`, 'Authorization', 'garbage']],
    ['more than 8 KiB', ['Authorization', `Bearer ${secret}${'A'.repeat(8_192)}`]],
    ['a proxy header', ['Proxy-Authorization', `Bearer ${secret}`]],
    ['a header of its own', ['X-Authorization', `Bearer ${secret}`]],
    ['a cookie', ['Cookie', `authorization=Bearer ${secret}; token=${secret}; hackneyToken=${secret}`]],
  ])('is refused as %s', async (_, headers) => {
    expect(await status(headers)).toBe(401)
  })

  it.each(['access_token', 'token', 'authorization', 'Authorization'])(
    'in the query (%s) is refused',
    async (name) => {
      expect(await status([], `${TENANCY}?${name}=${secret}`)).toBe(401)
      expect(await status([], `${TENANCY}?${name}=Bearer%20${secret}`)).toBe(401)
    },
  )

  it('that is refused makes the gateway say so with a challenge, without a word of why', async () => {
    const { headers, body } = await world.call({ path: TENANCY, rawHeaders: ['Authorization', secret] })
    expect(headers['www-authenticate']).toBe('Bearer realm="countersign", error="invalid_token"')
    expect(JSON.parse(body)).toEqual({ message: 'Unauthorized' })
  })
})
