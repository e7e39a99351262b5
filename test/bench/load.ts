import { connect, type Socket } from 'node:net'

/** What came of calling for a while on so many connections at once. */
export interface Load {
  readonly statuses: ReadonlyMap<number, number>
  /** Milliseconds of every call. */
  readonly latencies: readonly number[]
  readonly milliseconds: number
}

export interface Target {
  readonly origin: string
  readonly path: string
  readonly token: string
}

const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Keeps one request under way on each connection until the time is over. Written on bare sockets: on two cores, what
 * the caller costs is taken from the server that is measured.
 */
export const load = async (
  { origin, path, token }: Target,
  connections: number,
  milliseconds: number,
): Promise<Load> => {
  const { hostname, port, host } = new URL(origin)
  const request = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  const statuses = new Map<number, number>()
  const latencies: number[] = []
  const start = performance.now()
  const end = start + milliseconds
  const said = (status: number, latency: number) => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    latencies.push(latency)
  }
  const each = Array.from({ length: connections }, () =>
    calling(connect(Number(port), hostname), request, end, said),
  )
  await Promise.all(each)
  return { statuses, latencies, milliseconds: performance.now() - start }
}

const calling = (
  socket: Socket,
  request: Buffer,
  end: number,
  said: (status: number, latency: number) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    let asked = 0
    const ask = () => {
      asked = performance.now()
      if (asked >= end) return void socket.destroy()
      socket.write(request)
    }
    socket.setNoDelay(true)
    socket.on('connect', ask)
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const length = lengthOf(received)
      if (length === undefined || received.length < length) return
      said(Number(received.toString('latin1', 9, 12)), performance.now() - asked)
      received = received.subarray(length)
      ask()
    })
  })

/** Bytes of the whole answer; undefined while its head is not there. */
const lengthOf = (received: Buffer): number | undefined => {
  const head = received.indexOf(HEAD_END)
  if (head < 0) return undefined
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(received.toString('latin1', 0, head)) ?? []
  if (length === undefined) throw new Error('an answer without a length')
  return head + HEAD_END.length + Number(length)
}
