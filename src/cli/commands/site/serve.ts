import { setFlagsFromString } from 'node:v8'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { portNumber } from '../../arguments.js'

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
      'listen on this port instead of the configured one; 0 for any',
      portNumber,
    )
    .action(async (options: ServeOptions) => {
      const output = cli.output(options)
      const { site: dir, port } = options
      cli.endsItself()
      keepYoungGenerationSmall()
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
          output.json({ url: ready.url })
          await stopped
        } else exitSoon()
      } finally {
        await gateway.close()
      }
    })
}

/** Nothing was opened yet: a store that does not answer must not keep a stopped gateway alive. */
function exitSoon(): void {
  setTimeout(() => process.exit(), EXIT_AFTER_MS).unref()
}

const EXIT_AFTER_MS = 2_000

/**
 * A gateway streams: nearly all it allocates is garbage at once, and V8 would answer by growing the
 * young generation to 48 MB that is never given back. Kept at its first size, it is collected more
 * often and as cheaply. Before the rooms are loaded, because loading them is what grows it.
 */
function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
