import { readFileSync } from 'node:fs'

/**
 * `npx` ends at a SIGTERM without telling what it started, and what it started would run on with nobody to stop it. So
 * the chain of launchers above this process (npx, pnpm and the shells between them) is watched, where `/proc` shows it.
 */
export const watchLaunchers = (gone: () => void): { stop(): void } => {
  const links = launchersAbove(process.pid)
  const timer = setInterval(() => {
    if (links.every(({ child, parent }) => parentOf(child) === parent)) return
    clearInterval(timer)
    gone()
  }, 500).unref()
  return { stop: () => clearInterval(timer) }
}

interface Link {
  readonly child: number
  readonly parent: number
}

const MOST_LAUNCHERS = 8

/** From this process up to the topmost launcher; who started that one is not ours to watch. */
const launchersAbove = (pid: number): readonly Link[] => {
  const links: Link[] = []
  for (let child = pid; links.length < MOST_LAUNCHERS; ) {
    const parent = parentOf(child)
    if (parent === undefined || !isLauncher(parent)) break
    links.push({ child, parent })
    child = parent
  }
  return links
}

/** The fourth field of `/proc/PID/stat` (proc(5)); the second, the name, may itself hold spaces and parentheses. */
const parentOf = (pid: number): number | undefined => {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields?.[1] === undefined ? undefined : Number(fields[1])
}

const isLauncher = (pid: number): boolean => {
  const words = read(`/proc/${pid}/cmdline`)?.split('\0') ?? []
  return (
    words.slice(0, 3).some((word) => /(?:^|[\s/'"])(?:npm|npx|pnpm)(?:[\s'".-]|$)/.test(word)) ||
    isScriptShell(words)
  )
}

/** The shell in which pnpm runs a script. */
const isScriptShell = ([shell = '', flag, script = '']: readonly string[]): boolean =>
  /(?:^|\/)sh$/.test(shell) && flag === '-c' && script.includes('packages/local/src/main.ts')

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
