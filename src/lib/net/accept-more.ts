/**
 * Accepts several connections per turn of the event loop. A listener yields one per turn, so while
 * requests take their milliseconds, connections that strangers open and close fill the queue of the
 * system faster than it empties, and a new client waits behind all of them. Each further descriptor
 * of the same queue yields one more per turn.
 *
 * Only a process that receives a handle gets a descriptor of its own, so a short-lived child sends
 * the listener back as often as it is sent there. Where that fails, one per turn remains.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import type { Server, ServerOpts, Socket } from 'node:net'

export interface MoreOptions {
  /** Of each connection, as of the server itself: HTTP without TLS allows half-open ones. */
  readonly connection: ServerOpts
  /** Restores what the listeners of the child, which have the default one, set for all. */
  readonly backlog: number
}

/** A turn that accepts this many and one takes about 2 ms for them. */
const DESCRIPTORS = 31
const CHILD_MS = 10_000

/**
 * The child must not accept what it listens for: it closes its copy in the turn it received it in.
 */
const CHILD = `
process.on('message', (_, listener) => { process.send('again', listener); listener.close() })
process.on('disconnect', () => process.exit())
`

const MORE = new WeakMap<Server, Promise<readonly Server[]>>()

/**
 * Connections of the further descriptors are those of the server, which has to be listening. Never
 * throws.
 */
export function acceptMore(server: Server, options: MoreOptions): void {
  MORE.set(
    server,
    descriptorsOf(server, options).catch(() => []),
  )
}

/**
 * Before the server itself is closed, whose port would remain open otherwise. Resolves once nothing
 * more is accepted; connections are closed with those of the server.
 */
export async function acceptNoMore(server: Server): Promise<void> {
  for (const one of (await MORE.get(server)) ?? []) one.close()
}

async function descriptorsOf(
  server: Server,
  { connection, backlog }: MoreOptions,
): Promise<Server[]> {
  const pass = (socket: Socket): void => void server.emit('connection', socket)
  // Nothing of the environment, whose options are for the gateway alone.
  const child = spawn(process.execPath, ['-e', CHILD], {
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  child.on('error', () => undefined)
  const late = setTimeout(() => child.kill('SIGKILL'), CHILD_MS)
  const found: Server[] = []
  try {
    while (found.length < DESCRIPTORS && server.listening) {
      const received = await sentBack(child, server).catch(() => undefined)
      if (!received) break
      const one = createServer(connection, pass)
      // Takes the handle over from the server that came with it.
      found.push(one.listen(received, backlog))
    }
  } finally {
    clearTimeout(late)
    // Until it has ended, what it holds keeps the port open.
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.kill('SIGKILL')) await ended
  }
  return found
}

/** Undefined when the child ends first, or cannot be started. */
function sentBack(child: ChildProcess, server: Server): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const ended = (): void => resolve(undefined)
    child.once('error', ended).once('exit', ended)
    child.once('message', (_again, received) => {
      child.off('error', ended).off('exit', ended)
      resolve(received as Server)
    })
    child.send('listener', server, (error) => {
      if (error) ended()
    })
  })
}
