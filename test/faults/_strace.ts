/** Kills a process at one of its writes: strace ends it as it enters the call. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** What changes a file or a folder; plain writes are left out, since sockets take them too. */
const CALLS =
  'pwrite64,pwritev,fsync,fdatasync,ftruncate,link,linkat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat'

const run = promisify(execFile)

/** Why it cannot be done here, for the title of what is skipped; undefined when it can. */
export const straceMissing: string | undefined = await run('sh', [
  // A process that is no child of it, as the gateway is none.
  ...['-c', 'sleep 0.2 & exec strace -qq -e trace=none -p $!'],
]).then(
  () => undefined,
  () => 'needs strace, and leave to trace other processes',
)

export interface Traced {
  /**
   * Resolves when the process has ended, or is no longer watched. Answers how many such calls its
   * busiest thread made.
   */
  end(): Promise<number>
}

const words = (log: string, killAt: number | undefined): string[] => [
  ...['-f', '-o', log, '-e', `trace=${CALLS}`],
  ...(killAt === undefined ? [] : ['-e', `inject=${CALLS}:signal=KILL:when=${killAt}`]),
]

async function busiestThread(log: string): Promise<number> {
  const counts = new Map<string, number>()
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    // The second half of a call that another thread interrupted.
    const thread = /^(\d+) +\w+\(/.exec(line)?.[1]
    if (thread !== undefined) counts.set(thread, (counts.get(thread) ?? 0) + 1)
  }
  return Math.max(0, ...counts.values())
}

/** Watches a running process from now on; `killAt` counts the calls of each thread from 1. */
export async function watch(pid: number, log: string, killAt?: number): Promise<Traced> {
  const strace = spawn('strace', [...words(log, killAt), '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const closed = once(strace, 'close')
  await Promise.race([once(strace.stderr, 'data'), closed])
  strace.stderr.resume()
  return {
    end: async () => {
      if (strace.exitCode === null) strace.kill('SIGINT')
      // One that lets go while its threads are being killed may wait for them for ever.
      const stuck = setTimeout(() => strace.kill('SIGKILL'), 1_000)
      await closed
      clearTimeout(stuck)
      return busiestThread(log)
    },
  }
}

/** Runs a program to its end, or to its kill. */
export async function runTraced(
  program: readonly string[],
  log: string,
  killAt?: number,
): Promise<{ readonly status: number | null; readonly calls: number }> {
  const child = spawn('strace', [...words(log, killAt), ...program], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    stdio: 'ignore',
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, calls: await busiestThread(log) }
}
