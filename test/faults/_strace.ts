/** Kills a process at one of its writes: strace ends it as it enters the system call. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/**
 * Calls that change a file or a folder; plain writes are left out, because sockets use them too.
 */
const CALLS =
  'pwrite64,pwritev,fsync,fdatasync,ftruncate,link,linkat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat'

const run = promisify(execFile)

/** Why this is unavailable, for the titles of skipped tests; undefined if it is available. */
export const straceMissing: string | undefined = await run('sh', [
  // Traces a process that is not a child of strace, as the gateway is not.
  ...['-c', 'sleep 0.2 & exec strace -qq -e trace=none -p $!'],
]).then(
  () => undefined,
  () => 'needs strace, and leave to trace other processes',
)

export interface Traced {
  /**
   * Resolves when the process has ended or is no longer traced.
   *
   * @returns the number of such calls made by its busiest thread.
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
    // The second half of a call interrupted by another thread.
    const thread = /^(\d+) +\w+\(/.exec(line)?.[1]
    if (thread !== undefined) counts.set(thread, (counts.get(thread) ?? 0) + 1)
  }
  return Math.max(0, ...counts.values())
}

/** Traces a running process from now on; `killAt` counts the calls of each thread, from 1. */
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
      // If strace detaches while the threads are being killed, it may wait for them forever.
      const stuck = setTimeout(() => strace.kill('SIGKILL'), 1_000)
      await closed
      clearTimeout(stuck)
      return busiestThread(log)
    },
  }
}

/** Runs a program until it exits or is killed. */
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
