import { standIn } from '@countersign/client/testing'
import { describe, expect, it } from 'vitest'
import { commands } from './commands/index.ts'
import { CONSUMER, REFUSED, SIGNED } from './testing/bodies.ts'
import { OPERATOR_TOKEN, temporaryFolder, type } from './testing/typed.ts'

const NOWHERE = 'http://127.0.0.1:9'

describe('exit codes', () => {
  it('0: the platform did it', async () => {
    await using platform = await standIn(() => ({ body: CONSUMER }))
    expect(await type(platform.url, ['consumers', 'show', 'con_1'])).toMatchObject({ code: 0, error: '' })
  })

  it('1: the platform refused, and stderr says why, one line per error', async () => {
    await using platform = await standIn(() => ({ status: 400, body: REFUSED }))
    expect(await type(platform.url, ['tokens', 'show', 'tok_1'])).toEqual({
      code: 1,
      out: '',
      error:
        'countersign: invalid_request: The request is not of the documented form\n' +
        '  /grants/0/routes/0: "pets" has no route "GET /x"\n' +
        '  /: too late\n',
    })
  })

  it('3: nobody is there, and stderr says so', async () => {
    await using platform = await standIn(() => ({}))
    await platform[Symbol.asyncDispose]()
    const { code, out, error } = await type(platform.url, ['apis', 'list'])
    expect([code, out]).toEqual([3, ''])
    expect(error).toMatch(
      /^countersign: unreachable: connect ECONNREFUSED .*\n {2}start the platform with .*\n$/,
    )
  })

  it('"help COMMAND" is "COMMAND --help"', async () => {
    const asked = await type('http://127.0.0.1:1', ['help', 'tokens', 'issue'])
    expect(asked).toEqual(await type('http://127.0.0.1:1', ['tokens', 'issue', '--help']))
    expect([asked.code, asked.error]).toEqual([0, ''])
    expect(asked.out).toContain('--expires-in')
  })

  it.each([
    ['tokns list', 'unknown command "tokns"; did you mean "tokens"?'],
    ['tokens lst', 'unknown command "tokens lst"; did you mean "list"?'],
    ['pipeline stop', 'unknown command "pipeline stop"'],
    ['tokens list --stat active', 'unknown option --stat; did you mean "--state"?'],
    ['tokens list --route x', '"tokens list" takes no --route'],
    ['tokens show', '"tokens show" needs ID'],
    ['tokens show a b', '"tokens show" takes no argument "b"'],
    ['tokens show ..', '".." is neither a name nor an id'],
    ['tokens revoke tok_1', '"tokens revoke" needs --reason'],
    [
      'tokens revoke tok_1 --reason bored',
      '--reason is one of compromised, superseded, requested, not "bored"',
    ],
    [
      'consumers register --type robot --name n --owner o',
      '--type is one of service, partner, person, not "robot"',
    ],
    ['apis list --limit many', '--limit takes a whole number, not "many"'],
    ['apis list --limit', 'argument missing'],
    ['apis list --endpoint ftp://x', '--endpoint takes an http or https URL'],
    ['apis list --credential /nonexistent', 'no credential: cannot read /nonexistent: there is no such file'],
    ['keys rotate --idempotency-key é', '--idempotency-key takes 1 to 255 visible ASCII characters'],
    ['call FETCH /abc/v1/', 'METHOD is one of GET'],
    ['call GET abc/v1/', 'PATH starts with a slash'],
  ])('2: "%s" is not how it is used', async (line, message) => {
    await using platform = await standIn(() => ({}))
    const { code, out, error } = await type(platform.url, line.split(' '))
    expect([code, out]).toEqual([2, ''])
    expect(error).toMatch(/^countersign: wrong_usage: /)
    expect(error).toContain(message)
    expect(platform.received).toEqual([])
  })
})

describe('a token', () => {
  it.each([
    ['call', 'GET', '/abc/v1/pets', '--token', SIGNED],
    ['call', 'GET', '/abc/v1/pets', `--token=${SIGNED}`],
    ['tokens', 'show', SIGNED],
    ['tokens', 'revoke', 'tok_1', '--reason', 'compromised', '--note', `leaked: ${SIGNED}`],
  ])('is never taken from an argument, and never repeated: %s %s', async (...argv) => {
    const { code, out, error } = await type(NOWHERE, argv)
    expect(code).toBe(2)
    expect(error).toContain('an argument holds a token')
    expect(out + error).not.toContain(SIGNED.split('.')[1])
  })

  it.each([`${OPERATOR_TOKEN} ${OPERATOR_TOKEN}`, `${OPERATOR_TOKEN}\n${OPERATOR_TOKEN}`, ''])(
    'that is malformed is not in the message about it',
    async (text) => {
      await using folder = await temporaryFolder()
      const file = await folder.file('broken.token', text)
      const { code, error } = await type(NOWHERE, ['apis', 'list', '--credential', file])
      expect([code, error]).toEqual([
        2,
        `countersign: wrong_usage: ${file} does not hold one token and nothing else\n`,
      ])
    },
  )

  it('of the operator goes to the platform and to no output', async () => {
    await using platform = await standIn(() => 'reset')
    const { out, error } = await type(platform.url, ['apis', 'list'])
    expect(platform.received[0]?.headers.authorization).toBe(`Bearer ${OPERATOR_TOKEN}`)
    expect(out + error).not.toContain(OPERATOR_TOKEN)
  })
})

describe('--json', () => {
  it('prints the body byte for byte', async () => {
    const text = '{"id" : "con_1",\n\t"name":"\\u00e9", "new": [1.0, 1e3] }'
    await using platform = await standIn(() => ({ body: text }))
    expect(await type(platform.url, ['--json', 'consumers', 'show', 'con_1'])).toEqual({
      code: 0,
      out: text,
      error: '',
    })
  })

  it('ends the line where a person reads it', async () => {
    await using platform = await standIn(() => ({ body: CONSUMER }))
    const { out } = await type(platform.url, ['consumers', 'show', 'con_1', '--json'], { interactive: true })
    expect(out).toBe(`${JSON.stringify(CONSUMER)}\n`)
  })

  it('puts the problem on stderr', async () => {
    await using platform = await standIn(() => ({ status: 400, body: REFUSED }))
    const { code, out, error } = await type(platform.url, ['apis', 'list', '--json'])
    expect([code, out, JSON.parse(error)]).toEqual([1, '', REFUSED])
  })
})

describe('an Idempotency-Key', () => {
  it('that is given goes along', async () => {
    await using platform = await standIn(() => ({
      body: { kid: 'key_2', signsFrom: '2026-03-01T12:10:00Z' },
    }))
    await type(platform.url, ['keys', 'rotate', '--idempotency-key', 'mine'])
    expect(platform.received[0]?.headers['idempotency-key']).toBe('mine')
  })
})

describe('what others wrote', () => {
  it('cannot move the cursor of a terminal', async () => {
    const owner = 'red \u001b[31m\u202e'
    await using platform = await standIn(() => ({ body: { ...CONSUMER, owner } }))
    const { out } = await type(platform.url, ['consumers', 'show', 'con_1'])
    expect(out).toContain('red \\u{1b}[31m\\u{202e}')
  })
})

describe('help', () => {
  it('lists every command', async () => {
    const { code, out, error } = await type(NOWHERE, ['--help'])
    expect([code, error]).toEqual([0, ''])
    for (const { name } of commands) expect(out).toContain(`  ${name}`)
  })

  it('lists the commands of a group', async () => {
    const { out } = await type(NOWHERE, ['keys', '--help'])
    expect(out).toContain('keys compromise KID')
    expect(out).not.toContain('tokens issue')
  })

  it.each(commands.map((command) => [command.name, command] as const))(
    'for "%s" needs neither platform nor arguments, and names every option',
    async (name, { options = {} }) => {
      const { code, out } = await type(NOWHERE, [...name.split(' '), '-h'])
      expect(code).toBe(0)
      expect(out).toContain(`Usage: countersign ${name}`)
      for (const option of Object.keys(options)) expect(out).toContain(`  --${option}`)
    },
  )

  it('comes on stderr, with 2, for no command at all', async () => {
    expect(await type(NOWHERE, [])).toMatchObject({
      code: 2,
      out: '',
      error: expect.stringContaining('Commands:'),
    })
  })

  it('tells the version', async () => {
    expect(await type(NOWHERE, ['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })
})
