import { define } from '../command.js'
import type { Register } from '../command.js'
import { portNumber } from '../arguments.js'

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
      const [{ openSite }, { createGateway }] = await Promise.all([
        import('../site.js'),
        import('../../gateway.js'),
      ])
      const server = await createGateway(await openSite(dir), {
        ...(port !== undefined && { port }),
      })
      try {
        const { url } = await server.start()
        output.print(`listening on ${url}`)
        output.json({ url })
        if (!cli.signal.aborted) {
          await new Promise((resolve) => cli.signal.addEventListener('abort', resolve))
        }
      } finally {
        await server.close()
      }
    })
}
