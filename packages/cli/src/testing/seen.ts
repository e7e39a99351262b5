import { standIn } from '@countersign/client/testing'
import { type } from './typed.ts'

/** What a person sees of a command, line by line, and what was asked of a platform that answers everything with `body`. */
export const see = async (words: readonly string[], body: unknown, headers: Record<string, string> = {}) => {
  await using platform = await standIn(() => ({ body, headers }))
  const { code, out, error } = await type(platform.url, words)
  const requests = platform.received.map(({ method, path, body: sent = '' }) => ({
    asked: `${method} ${path}`,
    sent: sent && JSON.parse(sent),
  }))
  return { code, error, out, lines: out.split('\n').slice(0, -1), requests, last: requests.at(-1) }
}
