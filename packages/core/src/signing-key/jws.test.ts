import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { compactVerify, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { hasDuplicateMember } from '../shared/json.ts'
import { Redacted } from '../shared/redacted.ts'
import { createVerifier, kidOf } from './jws.ts'

const SECRET = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37 + 11) % 256))
const OTHER = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 91 + 5) % 256))
const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)

const keyOf = (kid: `key_${string}`, secret: Uint8Array) => ({
  kid,
  algorithm: 'HS512' as const,
  secret: new Redacted(Buffer.from(secret).toString('base64url')),
  createdAt: 0,
  signsFrom: 0,
})

const verify = createVerifier({ keys: [keyOf('key_1', SECRET), keyOf('key_2', OTHER)] })
const verdict = (token: string) => {
  const result = verify(new Redacted(token))
  return result.ok ? 'verified' : result.error
}

const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')
const sign = (signed: string, secret: Uint8Array = SECRET) =>
  `${signed}.${createHmac('sha512', secret).update(signed).digest('base64url')}`

const HEADER = '{"alg":"HS512","kid":"key_1","typ":"at+jwt"}'
const PAYLOAD = '{"sub":"con_1","exp":1}'
const token = (header: string | Uint8Array = HEADER, payload: string | Uint8Array = PAYLOAD) =>
  sign(`${encode(header)}.${encode(payload)}`)
const GOOD = token()
const [, payloadPart = '', signaturePart = ''] = GOOD.split('.')

describe('the verifier', () => {
  it('accepts a token of a key of the ring and gives its payload', () => {
    expect(verify(new Redacted(GOOD))).toEqual({
      ok: true,
      value: { kid: 'key_1', payload: { sub: 'con_1', exp: 1 } },
    })
  })

  it.for(['JWT', 'jwt', 'AT+JWT', 'at+jwt'])('accepts the type %s', (typ) => {
    expect(verdict(token(JSON.stringify({ alg: 'HS512', kid: 'key_1', typ })))).toBe('verified')
  })

  it.for([
    ['no type', '{"alg":"HS512","kid":"key_1"}'],
    ['another type', '{"alg":"HS512","kid":"key_1","typ":"JOSE"}'],
    ['a type that is no string', '{"alg":"HS512","kid":"key_1","typ":["JWT"]}'],
    ['no kid', '{"alg":"HS512","typ":"JWT"}'],
    ['an object kid', '{"alg":"HS512","kid":{"toString":"key_1"},"typ":"JWT"}'],
    ['an array kid', '{"alg":"HS512","kid":["key_1"],"typ":"JWT"}'],
    ['no alg', '{"kid":"key_1","typ":"JWT"}'],
    ['an array alg', '{"alg":["HS512"],"kid":"key_1","typ":"JWT"}'],
    ['crit', '{"alg":"HS512","kid":"key_1","typ":"JWT","crit":["exp"]}'],
    ['an empty crit', '{"alg":"HS512","kid":"key_1","typ":"JWT","crit":[]}'],
    ['b64', '{"alg":"HS512","kid":"key_1","typ":"JWT","b64":true}'],
    ['b64 false', '{"alg":"HS512","kid":"key_1","typ":"JWT","b64":false}'],
    ['jwk', '{"alg":"HS512","kid":"key_1","typ":"JWT","jwk":{}}'],
    ['jku', '{"alg":"HS512","kid":"key_1","typ":"JWT","jku":"https://a"}'],
    ['x5u', '{"alg":"HS512","kid":"key_1","typ":"JWT","x5u":"https://a"}'],
    ['x5c', '{"alg":"HS512","kid":"key_1","typ":"JWT","x5c":[]}'],
    ['a null jwk', '{"alg":"HS512","kid":"key_1","typ":"JWT","jwk":null}'],
    ['alg twice', '{"alg":"none","alg":"HS512","kid":"key_1","typ":"JWT"}'],
    ['alg twice, once escaped', '{"\\u0061lg":"none","alg":"HS512","kid":"key_1","typ":"JWT"}'],
    ['kid twice', '{"alg":"HS512","kid":"key_2","kid":"key_1","typ":"JWT"}'],
    ['an array', '["HS512"]'],
    ['null', 'null'],
    ['text', '"HS512"'],
    ['no JSON', '{alg:HS512}'],
    ['a byte order mark', '\uFEFF{"alg":"HS512","kid":"key_1","typ":"JWT"}'],
    ['nothing', ''],
  ] as const)('refuses a header with %s', ([, header]) => {
    expect(verdict(token(header))).toBe('token_malformed')
  })

  it.for([
    ['exp twice', '{"exp":1,"exp":2}'],
    ['exp twice far apart', `{"exp"${' '.repeat(100)}:1,"exp"${'\n'.repeat(100)}:2}`],
    ['a member twice within', '{"a":[{"b":1,"b":1}]}'],
    ['a member twice, once escaped', '{"exp":1,"e\\u0078p":2}'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
    ['the empty name twice', '{"":1,"":2}'],
    ['an array', '[1]'],
    ['null', 'null'],
    ['a number', '1'],
    ['no JSON', '{"exp":}'],
    ['a trailing comma', '{"exp":1,}'],
    ['two values', '{}{}'],
  ] as const)('refuses a payload with %s, though it is well signed', ([, payload]) => {
    expect(verdict(token(HEADER, payload))).toBe('token_malformed')
  })

  it('refuses what is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
    expect(verdict(token(HEADER, bytes))).toBe('token_malformed')
    expect(verdict(token(Buffer.from(HEADER, 'utf16le')))).toBe('token_malformed')
  })

  it('gives an endless number to whoever reads the claims', () => {
    const result = verify(new Redacted(token(HEADER, '{"exp":1e400}')))
    expect(result.ok && result.value.payload.exp).toBe(Number.POSITIVE_INFINITY)
  })

  it.for([
    ['one part', 'abc'],
    ['two parts', GOOD.split('.').slice(0, 2).join('.')],
    ['an empty header', `.${payloadPart}.${signaturePart}`],
    ['a fourth part', `${GOOD}.`],
    ['five parts, as encryption has', `${GOOD}.a.b`],
    ['nothing', ''],
    ['dots', '..'],
  ] as const)('refuses a token of %s', ([, text]) => {
    expect(verdict(text)).toBe('token_malformed')
  })

  it.for([
    ['nothing', ''],
    ['padding', `${signaturePart}==`],
    ['a newline after it', `${signaturePart}\n`],
    ['a space before it', ` ${signaturePart}`],
    [
      'another end, of the same bytes',
      signaturePart.slice(0, -1) + (signaturePart.endsWith('A') ? 'B' : 'A'),
    ],
    ['the alphabet of plain base64', Buffer.from(signaturePart, 'base64url').toString('base64')],
    ['fewer bytes', signaturePart.slice(0, 40)],
    ['more bytes', `${signaturePart}AAAA`],
    ['letters that are not ASCII', signaturePart.replace(/^./, 'é')],
  ] as const)('refuses a signature with %s', ([, signature]) => {
    expect(verdict(`${GOOD.slice(0, GOOD.lastIndexOf('.'))}.${signature}`)).not.toBe('verified')
  })

  it('refuses other spellings of header and payload, signed as they stand', () => {
    const head = encode(HEADER)
    const body = encode('{"a":12345}')
    expect(verdict(sign(`${head}=.${body}`))).toBe('token_malformed')
    expect(verdict(sign(`${head}.${body}=`))).toBe('token_malformed')
    expect(verdict(sign(`${head}.${body}\n`))).toBe('token_malformed')
    expect(verdict(sign(`${head}. ${body}`))).toBe('token_malformed')
    expect(verdict(sign(`${head}.${body.slice(0, -1)}${body.endsWith('Q') ? 'R' : 'Q'}`))).not.toBe(
      'verified',
    )
  })

  it('takes the algorithm from the key', () => {
    for (const alg of ['none', 'None', 'HS256', 'HS384', 'hs512', 'RS512', 'EdDSA', ''])
      expect(verdict(token(JSON.stringify({ alg, kid: 'key_1', typ: 'JWT' })))).toBe('algorithm_mismatch')
    const unsigned = `${encode('{"alg":"none","kid":"key_1","typ":"JWT"}')}.${payloadPart}.`
    expect(verdict(unsigned)).toBe('algorithm_mismatch')
  })

  it('takes the key from the kid alone, and never tries another', () => {
    const header = (kid: string) => encode(JSON.stringify({ alg: 'HS512', kid, typ: 'JWT' }))
    expect(verdict(sign(`${header('key_2')}.${payloadPart}`, OTHER))).toBe('verified')
    expect(verdict(sign(`${header('key_2')}.${payloadPart}`, SECRET))).toBe('signature_invalid')
    for (const kid of ['key_3', '', '__proto__', 'constructor', 'key_1 ', 'KEY_1'])
      expect(verdict(sign(`${header(kid)}.${payloadPart}`))).toBe('kid_unknown')
  })

  it('says of a kid that it is unknown where the signature could be one, and nowhere else', () => {
    const unknown = encode('{"alg":"HS512","kid":"key_3","typ":"JWT"}')
    for (const signature of [`${signaturePart}=`, `${signaturePart}\n`, `${signaturePart}.a`, 'é'])
      expect(verdict(`${unknown}.${payloadPart}.${signature}`)).toBe('token_malformed')
    expect(verdict(`${unknown}.${payloadPart}.${signaturePart}`)).toBe('kid_unknown')
  })

  it('judges every token of a header alike, the first and the next', () => {
    const forged = `${GOOD.slice(0, -4)}AAAA`
    expect([GOOD, forged, GOOD, forged].map(verdict)).toEqual([
      'verified',
      'signature_invalid',
      'verified',
      'signature_invalid',
    ])
  })

  it('knows no key of an empty ring', () => {
    expect(createVerifier({ keys: [] })(new Redacted(GOOD))).toEqual({ ok: false, error: 'kid_unknown' })
  })
})

describe('the kid of a token that nobody has verified', () => {
  it('is read out of its header alone', () => {
    expect(kidOf(new Redacted(GOOD))).toBe('key_1')
    expect(kidOf(new Redacted(`${encode(HEADER)}.`))).toBe('key_1')
  })

  it.for([
    ['no part at all', ''],
    ['no dot', encode(HEADER)],
    ['no header', `.${payloadPart}.${signaturePart}`],
    ['a padded header', `${encode(HEADER)}=.${payloadPart}`],
    ['a kid twice', `${encode('{"alg":"HS512","kid":"key_2","kid":"key_1","typ":"JWT"}')}.a.b`],
    ['no type', `${encode('{"alg":"HS512","kid":"key_1"}')}.a.b`],
  ] as const)('is none of a token with %s', ([, text]) => {
    expect(kidOf(new Redacted(text))).toBeUndefined()
  })
})

describe(`the verifier beside jose (seed ${SEED}, COUNTERSIGN_SEED repeats it)`, () => {
  const joseAccepts = async (text: string): Promise<boolean> => {
    try {
      await compactVerify(text, SECRET, { algorithms: ['HS512'] })
      return true
    } catch {
      return false
    }
  }

  const mutation = fc.oneof(
    fc.tuple(
      fc.constant('change'),
      fc.nat(),
      fc.constantFrom('A', 'B', 'w', '-', '_', '=', '.', ' ', '+', '/', 'é'),
    ),
    fc.tuple(fc.constant('insert'), fc.nat(), fc.constantFrom('A', '=', '.', '\n', ' ', '%')),
    fc.tuple(fc.constant('drop'), fc.nat(), fc.constant('')),
    fc.tuple(fc.constant('none'), fc.nat(), fc.constant('')),
  )

  const mutate = (text: string, [kind, where, character]: [string, number, string]): string => {
    const at = where % text.length
    if (kind === 'none') return text
    const after = kind === 'insert' ? at : at + 1
    return `${text.slice(0, at)}${character}${text.slice(after)}`
  }

  it('accepts nothing, of all mutations of a good token, that jose refuses', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
        mutation,
        async (payload, change) => {
          const text = mutate(token(HEADER, JSON.stringify(payload)), change)
          if (verdict(text) !== 'verified') return
          accepted += 1
          expect(await joseAccepts(text)).toBe(true)
        },
      ),
      { seed: SEED, numRuns: 600 },
    )
    expect(accepted).toBeGreaterThan(50)
  })

  it('accepts nothing, of all headers signed well, that jose refuses', async () => {
    const member = fc.constantFrom('crit', 'b64', 'jwk', 'cty', 'x', 'typ', 'alg', 'kid', 'zip', 'enc')
    const value = fc.oneof(
      fc.constantFrom('HS512', 'key_1', 'JWT', 'none', true, false, null),
      fc.jsonValue({ maxDepth: 1 }),
    )
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(fc.dictionary(member, value, { maxKeys: 2 }), async (more) => {
        const text = token(JSON.stringify({ alg: 'HS512', kid: 'key_1', typ: 'JWT', ...more }))
        if (verdict(text) !== 'verified') return
        accepted += 1
        expect(await joseAccepts(text)).toBe(true)
      }),
      { seed: SEED, numRuns: 600 },
    )
    expect(accepted).toBeGreaterThan(50)
  })

  it('accepts what jose signs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 }), async (payload) => {
        const text = await new SignJWT(payload)
          .setProtectedHeader({ alg: 'HS512', kid: 'key_1', typ: 'at+jwt' })
          .sign(SECRET)
        const result = verify(new Redacted(text))
        expect(result.ok && JSON.stringify(result.value.payload)).toBe(JSON.stringify(payload))
      }),
      { seed: SEED, numRuns: 200 },
    )
  })

  it('is a total function', () => {
    const part = fc.oneof(fc.string(), fc.base64String(), fc.json().map(encode), fc.constant(encode(HEADER)))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        expect(verdict(parts.join('.'))).not.toBe('verified')
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })
})

describe('hasDuplicateMember', () => {
  /** Keeps members as they come: an object is a list of pairs, read by hand from the start of the text. */
  const naive = (text: string): boolean => {
    let at = 0
    let found = false
    const space = () => {
      while (' \t\n\r'.includes(text[at] ?? 'x')) at++
    }
    const string = (): string => {
      const start = at++
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
      at++
      return JSON.parse(text.slice(start, at)) as string
    }
    const list = (close: string, entry: () => void) => {
      at++
      space()
      while (text[at] !== close) {
        entry()
        space()
        if (text[at] === ',') at++
        space()
      }
      at++
    }
    const value = (): void => {
      space()
      if (text[at] === '[') {
        list(']', value)
        return
      }
      if (text[at] === '"') {
        string()
        return
      }
      if (text[at] !== '{') {
        while (/[^,\]}\s]/.test(text[at] ?? ' ')) at++
        return
      }
      const names: string[] = []
      list('}', () => {
        const name = string()
        if (names.includes(name)) found = true
        names.push(name)
        space()
        at++
        value()
      })
    }
    value()
    return found
  }

  const space = fc.constantFrom('', '', ' ', '\n\t', ' '.repeat(80))
  const name = fc.constantFrom(
    '"a"',
    '"b"',
    '"\\u0061"',
    '"\\""',
    '"\\\\"',
    '"a:"',
    '"{"',
    '""',
    '"__proto__"',
  )
  const scalar = fc.constantFrom('1', '"a"', '":"', '"\\"a\\":"', 'null', 'true', '"{\\"a\\":1,\\"a\\":2}"')
  const json = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
    value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('object'), tie('array')),
    object: fc
      .array(fc.tuple(name, space, space, tie('value')), { maxLength: 4 })
      .map(
        (members) =>
          `{${members.map(([key, before, after, member]) => `${key}${before}:${after}${member}`).join(',')}}`,
      ),
    array: fc
      .array(fc.tuple(space, tie('value')), { maxLength: 3 })
      .map((entries) => `[${entries.map((entry) => entry.join('')).join(',')}]`),
  })).value

  it(`agrees with a naive reader (seed ${SEED})`, () => {
    let twice = 0
    fc.assert(
      fc.property(json, (text) => {
        JSON.parse(text)
        if (naive(text)) twice += 1
        expect(hasDuplicateMember(text)).toBe(naive(text))
      }),
      { seed: SEED, numRuns: 3_000 },
    )
    expect(twice).toBeGreaterThan(100)
  })

  it(`decides alone whether a signed payload is one object or two (seed ${SEED})`, () => {
    let [twice, once] = [0, 0]
    const object = json.filter((text) => text.startsWith('{'))
    fc.assert(
      fc.property(
        fc.oneof(
          object,
          object.map((text) => text.replaceAll(/[ \n\t]/g, '')),
        ),
        (text) => {
          if (naive(text)) twice += 1
          else once += 1
          expect(verdict(token(HEADER, text))).toBe(naive(text) ? 'token_malformed' : 'verified')
        },
      ),
      { seed: SEED, numRuns: 2_000 },
    )
    expect(Math.min(twice, once)).toBeGreaterThan(100)
  })

  it.for([
    '{"a":1,"a":2}',
    '{"a":1,"a" :2}',
    '{"a":":","a":2}',
    '{"a":1,"b":{"c":1,"c":2}}',
    '{"a":1,"\\u0061":2}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
  ])('refuses %s', (text) => {
    expect(verdict(token(HEADER, text))).toBe('token_malformed')
  })

  it.for(['{"a":":","b":"x:y"}', '{":":1}', '{"a":{"a":1}}', '{"a":[{"a":1},{"a":1}]}', '{ "a" : 1 }', '{}'])(
    'accepts %s',
    (text) => {
      expect(verdict(token(HEADER, text))).toBe('verified')
    },
  )

  it('takes the replacement character where it was written, and never for bytes that are no UTF-8', () => {
    expect(verdict(token(HEADER, '{"a":"\uFFFD"}'))).toBe('verified')
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xef, 0xbf, 0xbd, 0x80], [0xc0, 0xaf]]) {
      const payload = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')])
      expect(verdict(token(HEADER, payload))).toBe('token_malformed')
    }
  })

  it('looks at every character a bounded number of times', () => {
    const work = (text: string): number => {
      let reads = 0
      const counted = new Proxy(Object(text) as object, {
        get: (target, member) => {
          reads += 1
          const value: unknown = Reflect.get(target, member)
          return typeof value === 'function' ? value.bind(text) : value
        },
      })
      hasDuplicateMember(counted as unknown as string)
      return reads
    }
    for (const piece of ['{', '[', '"a" ', '"\\\\"', ' ', '{"a" :']) {
      const [small, large] = [work(piece.repeat(200)), work(piece.repeat(2_000))]
      expect(large / small).toBeLessThan(15)
    }
  })
})
