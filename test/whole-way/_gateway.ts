/**
 * A gateway as a hospital runs it: the built command, a site made by `nocturne init --demo`, and a
 * separate process. Needs `npm run build` first; scripts/test does that.
 */
import { spawn, execFile } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { builtCommand } from '../_built.js'
import { keepEventTypes } from '../_event-types.js'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command as a user would. Never rejects because of an exit status. */
export const nocturne = (...args: readonly string[]): Promise<Ran> =>
  nocturneIn(process.env, ...args)

/** The same with environment variables. */
export function nocturneIn(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ran> {
  return run(process.execPath, [builtCommand(), ...args], { env })
}

export function run(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { maxBuffer: 1 << 28, ...options }, (error, stdout, stderr) => {
      // An exit status is a number; a command that could not be started has a system code.
      const code: unknown = error?.code
      if (error && typeof code === 'string') reject(new Error(`${program}: ${code}`))
      else resolve({ status: typeof code === 'number' ? code : error ? 1 : 0, stdout, stderr })
    })
  })
}

export interface RunningGateway {
  readonly url: string
  readonly pid: number
  readonly process: ChildProcess
  /** Its standard error output so far: the log. */
  log(): string
  /** Stops it in an orderly way; `SIGKILL` kills it. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A gateway that may have to wait for its database or store. */
export interface StartingGateway extends Omit<RunningGateway, 'url'> {
  /** Its URL, taken from the log: it responds but is not ready yet. */
  readonly listening: Promise<string>
  readonly ready: Promise<RunningGateway>
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly args?: readonly string[]
  /** Called with the process before it is ready, for tests that stop it early. */
  readonly onSpawn?: (child: ChildProcess) => void
}

export interface TestSite {
  readonly dir: string
  token(principal: string): Promise<string>
  tokenFile(principal: string): string
  keyFile(name: string): string
  /** Starts `nocturne serve` on a free port and waits until it listens. */
  start(options?: StartOptions): Promise<RunningGateway>
  /** Starts it without waiting. */
  launch(options?: StartOptions): StartingGateway
  /** Rewrites nocturne.yaml. */
  configure(change: (yaml: string) => string): Promise<void>
  remove(): Promise<void>
}

export async function makeSite(options: { readonly parent?: string } = {}): Promise<TestSite> {
  const parent = await mkdtemp(join(options.parent ?? tmpdir(), 'nocturne-test-'))
  const dir = join(parent, 'site')
  const made = await nocturne('init', dir, '--demo')
  if (made.status !== 0) throw new Error(`init failed: ${made.stderr}`)
  return siteAt(dir, () => rm(parent, { recursive: true, force: true }))
}

export function siteAt(dir: string, remove: () => Promise<void>): TestSite {
  const tokenFile = (principal: string) => join(dir, 'demo-tokens', `${principal}.token`)
  const yaml = join(dir, 'nocturne.yaml')
  return {
    dir,
    tokenFile,
    token: async (principal) => (await readFile(tokenFile(principal), 'utf8')).trim(),
    keyFile: (name) => join(dir, 'demo-keys', `${name}.asc`),
    start: (given) => launchGateway(dir, given).ready,
    launch: (given) => launchGateway(dir, given),
    configure: async (change) => writeFile(yaml, change(await readFile(yaml, 'utf8'))),
    remove: async () => {
      await keepEventTypes(dir)
      await remove()
    },
  }
}

function launchGateway(
  dir: string,
  { env = {}, args = [], onSpawn }: StartOptions = {},
): StartingGateway {
  const child = spawn(
    process.execPath,
    [builtCommand(), 'serve', '--site', dir, '--port', '0', ...args],
    {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  onSpawn?.(child)
  let log = ''
  const exited = once(child, 'exit')
  const ended = exited.then(() => {
    throw new Error(`the gateway did not start: ${log}`)
  })
  const listening = new Promise<string>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      const url = /"url":"([^"]*)".*"msg":"listening"/.exec(log)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
  const printed = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('listening on ')) resolve(line.slice('listening on '.length))
    })
  })
  const running = {
    pid: child.pid ?? 0,
    process: child,
    log: () => log,
    stop: async (signal: NodeJS.Signals = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await exited
    },
  }
  const gateway = {
    ...running,
    listening: Promise.race([listening, ended]),
    ready: Promise.race([printed, ended]).then((url) => ({ ...running, url })),
  }
  // A test that awaits one of these promises does not handle the other.
  gateway.listening.catch(() => undefined)
  gateway.ready.catch(() => undefined)
  return gateway
}
