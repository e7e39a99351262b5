import { readFileSync } from 'node:fs'
import { receiver } from './receive.ts'

/** `node examples/receive-webhooks/main.ts SECRET_FILE [PORT]`: prints what it is sent. It remembers until it ends. */
const [file = '', port = '9000'] = process.argv.slice(2)
const kept = new Set<string>()
const server = receiver(readFileSync(file, 'utf8').trim(), {
  keep: async ({ id }) => !kept.has(id) && kept.add(id) !== undefined,
  take: ({ timestamp, type, subject }) => void process.stdout.write(`${timestamp}  ${type}  ${subject}\n`),
})
server.listen(Number(port), '127.0.0.1', () =>
  process.stdout.write(`listening on http://127.0.0.1:${port}/\n`),
)
