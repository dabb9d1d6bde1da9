import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { formatFingerprint } from '../../format.js'
import type { Output } from '../../output.js'
import type { InitReport } from '../../../config/init/index.js'

interface InitCommandOptions {
  readonly demo?: boolean
  readonly name?: string
  readonly fips?: boolean
  readonly json?: boolean
}

/** Long enough to try everything; a demo does not need long-lived machine tokens. */
const DEMO_TOKEN_DAYS = 90

export const registerInit: Register = (parent, cli) => {
  define(parent, {
    usage: 'init <dir>',
    summary: "create a site: a gateway's configuration, keys and secrets",
    examples: [
      'nocturne init /srv/nocturne --name gateway.example.org',
      'nocturne init /tmp/demo --demo',
    ],
  })
    .option('--name <name>', "the gateway's host name; never change it later")
    .option('--fips', 'make keys on NIST curves, and a site that accepts only these and RSA')
    .option('--demo', 'add a facility, a group and people, with their private keys and tokens')
    .action(async (dir: string, options: InitCommandOptions) => {
      const output = cli.output(options)
      const fips = options.fips === true
      const [{ initSite }, { newKey }, { newLedgerKey }] = await Promise.all([
        import('../../../config/init/index.js'),
        import('../../../seal/keys/index.js'),
        import('../../../ledger/published/index.js'),
      ])
      const report = await initSite(dir, {
        demo: options.demo === true,
        ...(options.name !== undefined && { name: options.name }),
        fips,
        newKey: (key) => newKey({ ...key, ...(fips && { algorithm: 'nistP384' }) }),
        newLedgerKey,
        ...(options.demo === true && { finish: issueTokens }),
      })
      print(report, output)
      output.json(report)
    })
}

/** Recorded in the ledger and the database like every other token: demo sites are not special. */
async function issueTokens(dir: string): Promise<void> {
  const [{ DEMO_PRINCIPALS }, { SITE_ACTOR, withRooms }, { writeNewText }] = await Promise.all([
    import('../../../config/init/index.js'),
    import('../../site/site.js'),
    import('../../local-write.js'),
  ])
  const folder = join(dir, 'demo-tokens')
  await mkdir(folder, { mode: 0o700 })
  await withRooms(dir, async ({ tokens }) => {
    for (const principal of DEMO_PRINCIPALS) {
      const options = { days: DEMO_TOKEN_DAYS, actor: SITE_ACTOR }
      const { token } = await tokens.issue(principal, options)
      await writeNewText(join(folder, `${principal}.token`), `${token}\n`)
    }
  })
}

function print({ dir, demo, name, keys, verifierKey, recoveryKey }: InitReport, output: Output) {
  output.print(`created ${demo ? 'a demo site' : 'a site'} in ${dir}`)
  output.print()
  output.table(
    ['key', 'fingerprint'],
    keys.map(({ principal, fingerprint }) => [principal, formatFingerprint(fingerprint)]),
  )
  output.print()
  output.print(`gateway     ${name}`)
  output.print(`ledger key  ${verifierKey}`)
  output.print()
  if (demo) {
    output.print("demo-keys/ holds everyone's private keys, and demo-tokens/ their tokens:")
    output.print('never send a real study through this site')
    output.print()
    output.print(`next: nocturne serve --site ${dir}`)
    return
  }
  output.print(`${recoveryKey} opens every study that this site seals. Now do this, in this order:`)
  output.print('  1. copy it to two offline media and lock them away in two places')
  output.print('  2. read both copies back: nocturne key show FILE must show the fingerprint above')
  output.print(`  3. delete it here: shred -u ${recoveryKey}`)
  output.print('Also keep a copy of secrets/, separate from the backups of data/.')
  output.print()
  output.print(`next: nocturne check --site ${dir} reports what to add`)
}
