/** A demo site and a gateway on it, created and run by the command itself. */
import { join } from 'node:path'
import { keepEventTypes } from '../_event-types.js'
import { buildCli, run, scratch, start } from './_cli.js'
import type { Finished } from './_cli.js'

export interface RunningGateway {
  readonly url: string
  /** The site's folder. */
  readonly site: string
  /** The working directory of commands. */
  readonly path: string
  /** Runs a command that needs neither a gateway nor a token. */
  plain(...words: string[]): Promise<Finished>
  /** Runs a command as one of the demo's principals. */
  as(principal: string, ...words: string[]): Promise<Finished>
  /** Like `as`, but returns while the command runs, for tests that stop it midway. */
  startAs(principal: string, ...words: string[]): ReturnType<typeof start>
  stop(): Promise<Finished>
}

export async function startGateway(): Promise<RunningGateway> {
  const main = await buildCli()
  const folder = await scratch()
  const site = join(folder.path, 'site')
  const made = await run(main, ['init', site, '--demo'])
  if (made.status !== 0) throw new Error(made.stderr)
  const env = { NOCTURNE_LOG_LEVEL: 'error' }
  const server = start(main, ['serve', '--site', site, '--port', '0'], { env })
  const url = await untilListening(server)
  const wordsAs = (principal: string, words: readonly string[]) => {
    const tokenFile = join(site, 'demo-tokens', `${principal}.token`)
    return [...words, '--gateway', url, '--token-file', tokenFile]
  }
  const options = { cwd: folder.path }
  return {
    url,
    site,
    path: folder.path,
    plain: (...words) => run(main, words, options),
    as: (principal, ...words) => run(main, wordsAs(principal, words), options),
    startAs: (principal, ...words) => start(main, wordsAs(principal, words), options),
    stop: async () => {
      server.child.kill('SIGTERM')
      const finished = await server.finished
      await keepEventTypes(site)
      await folder.dispose()
      return finished
    },
  }
}

/** Waits for the one line that `serve` prints. */
async function untilListening(server: ReturnType<typeof start>): Promise<string> {
  for (;;) {
    const { stdout, stderr } = server.seen()
    const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(stdout)?.[1]
    if (url !== undefined) return url
    if (server.child.exitCode !== null) throw new Error(`the gateway ended: ${stderr}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
