import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'

interface NewOptions {
  readonly name: string
  readonly log: readonly string[]
  readonly json?: boolean
}

interface ServeOptions {
  readonly listen: string
  readonly json?: boolean
}

export const registerWitness: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'witness',
    "cosign a gateway's ledger, so that its operator cannot rewrite it undetected",
  )

  define(group, {
    usage: 'new <dir>',
    summary: 'create the folder of a witness with its own key',
    examples: [
      'nocturne witness new witness --name facility-a.example.org --log "$(cat ledger.vkey)"',
    ],
  })
    .requiredOption('--name <name>', 'host name that identifies the witness')
    .requiredOption(
      '--log <key...>',
      "public keys of the gateways' ledgers (keys/ledger.vkey), or files that contain them",
    )
    .action(async (dir: string, options: NewOptions) => {
      const output = cli.output(options)
      const { makeWitness } = await import('../../audit/witness.js')
      const { verifierKey } = await makeWitness(dir, options.name, options.log)
      output.print(verifierKey)
      output.print("give this line to the gateway's operator, for witnesses in nocturne.yaml")
      output.json({ dir, name: options.name, verifierKey })
    })

  define(group, {
    usage: 'serve <dir>',
    summary: 'serve cosignatures to gateways until SIGINT or SIGTERM',
    examples: ['nocturne witness serve witness --listen 127.0.0.1:8090'],
  })
    .option(
      '--listen <host:port>',
      'address to listen on; port 0 for any free port',
      '127.0.0.1:8090',
    )
    .action(async (dir: string, options: ServeOptions) => {
      const output = cli.output(options)
      cli.endsItself()
      const { serveWitness } = await import('../../audit/witness.js')
      const { url, close } = await serveWitness(dir, options.listen)
      try {
        output.print(`listening on ${url}`)
        output.json({ url })
        if (!cli.signal.aborted)
          await new Promise((resolve) => cli.signal.addEventListener('abort', resolve))
      } finally {
        await close()
      }
    })
}
