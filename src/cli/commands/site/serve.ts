import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { portNumber } from '../../arguments.js'
import type { Output } from '../../output.js'
import {
  collectOldGenerationRarely,
  keepYoungGenerationSmall,
  logWarnings,
  readWordsSoon,
} from '../../site/serving.js'
import type { Rooms } from '../../../gateway/rooms.js'

interface ServeOptions {
  readonly site: string
  readonly port?: number
  readonly json?: boolean
}

export const registerServe: Register = (parent, cli) => {
  define(parent, {
    usage: 'serve',
    summary: 'run the gateway of a site until SIGINT or SIGTERM',
    examples: ['nocturne serve --site /srv/nocturne --port 8080'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .option(
      '--port <n>',
      'listen on this port instead of the configured one; 0 for any free port',
      portNumber,
    )
    .action(async (options: ServeOptions) => {
      const output = cli.output(options)
      const { site: dir, port } = options
      cli.endsItself()
      keepYoungGenerationSmall()
      collectOldGenerationRarely()
      logWarnings()
      const [{ openSite }, { createGateway }] = await Promise.all([
        import('../../site/site.js'),
        import('../../../gateway.js'),
      ])
      const gateway = await createGateway(await openSite(dir), {
        ...(port !== undefined && { port }),
      })
      const stopped = new Promise<void>((resolve) => {
        if (cli.signal.aborted) resolve()
        else cli.signal.addEventListener('abort', () => resolve())
      })
      try {
        const ready = await Promise.race([gateway.start(), stopped])
        if (ready) {
          output.print(`listening on ${ready.url}`)
          await tellWaiting(ready.rooms, dir, output)
          output.json({ url: ready.url })
          readWordsSoon()
          await stopped
        } else exitSoon()
      } finally {
        await gateway.close()
      }
    })
}

/** Certificates that somebody must act on: until then, the gateway seals to the former ones. */
async function tellWaiting(
  { certificates }: Pick<Rooms, 'certificates'>,
  dir: string,
  output: Output,
): Promise<void> {
  for (const { principal, fingerprint } of await certificates.waiting())
    output.print(
      `the new certificate of ${principal} (${fingerprint.slice(0, 16)}…) is not in effect: compare its fingerprint with its owner, then run nocturne key confirm --site ${dir} --principal ${principal} --out FILE`,
    )
}

/** Nothing is open yet: an unresponsive store must not keep a stopped gateway alive. */
function exitSoon(): void {
  setTimeout(() => process.exit(), EXIT_AFTER_MS).unref()
}

const EXIT_AFTER_MS = 2_000
