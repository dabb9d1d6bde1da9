import { setTimeout as sleep } from 'node:timers/promises'
import { Option } from 'commander'
import { wholeNumber } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { EXIT, toErrorJson } from '../../command-error.js'
import { count } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addCrosswalkOptions, crosswalkLines } from './crosswalk.js'
import { FORMATS } from '../../facility/report-formats.js'
import { reportRound, tellCritical } from '../../facility/report-rounds.js'
import type { RoundOptions } from '../../facility/report-rounds.js'
import type { Command } from 'commander'

type FetchOptions = GatewayOptions & RoundOptions

const ACCESS = '--gateway https://gateway.example.org --token-file facility-a.token'
const OPENING = '--crosswalk crosswalk --key facility-a.asc'
/** Between two checks of `watch`. */
const PAUSE_SECONDS = 15

export const registerReports: Register = (parent, cli) => {
  const group = defineGroup(parent, 'reports', 'fetch the reports on what your facility sent')
  registerList(group, cli)
  registerFetch(group, cli)
  registerWatch(group, cli)
}

function registerList(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'list',
    summary: 'list reports: case, status, reader, and whether the facility acknowledged it',
    examples: [`nocturne reports list ${ACCESS}`],
  })
  addGatewayOptions(command).action(
    async (options: GatewayOptions & { readonly json?: boolean }) => {
      const output = cli.output(options)
      const [{ reportsAnswer }, { parseAnswer }] = await Promise.all([
        import('../../../protocol/http/reports.js'),
        import('../../parse-answer.js'),
      ])
      const { reports } = await withGateway(options, cli, output, async (client) =>
        parseAnswer(reportsAnswer, await client.json({ path: '/v1/reports' })),
      )
      output.json({ reports })
      if (reports.length === 0) {
        output.print('no report')
        return
      }
      output.table(
        ['CASE', 'STATUS', 'READER', 'RECEIVED', 'ACKNOWLEDGED', 'REPORT'],
        reports.map((one) => [
          one.code,
          one.agreement === undefined ? one.status : `${one.status} (${one.agreement})`,
          one.author,
          one.receivedAt,
          one.acknowledgedAt ?? '',
          one.id,
        ]),
      )
    },
  )
}

function addFetchOptions(command: Command): Command {
  return addCrosswalkOptions(addGatewayOptions(command))
    .requiredOption(
      '--out <dir>',
      'folder for the reports, in plaintext, with the patient identity restored',
    )
    .addOption(
      new Option('--format <format...>', 'formats to write; all by default').choices(FORMATS),
    )
    .option('--mllp <host:port>', 'send each report to this RIS as HL7 before it is acknowledged')
    .option(
      '--mllp-ca-file <file>',
      'connect to the RIS with TLS, and trust these PEM certificates',
    )
    .option(
      '--pacs <title@host:port>',
      'send Basic Text SR and Encapsulated PDF to this PACS by C-STORE before it is acknowledged',
    )
    .option(
      '--pacs-ca-file <file>',
      'connect to the PACS with TLS, and trust these PEM certificates',
    )
    .option('--ae-title <title>', 'our AE title towards the PACS', 'NOCTURNE')
}

function registerFetch(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'fetch',
    summary: 'open, verify, write and acknowledge the reports waiting for your facility',
    examples: [`nocturne reports fetch ${ACCESS} ${OPENING} --out reports`],
  })
  addFetchOptions(command).action(async (options: FetchOptions) => {
    const output = cli.output(options)
    const crosswalks = await crosswalkLines(options, output)
    const done = await withGateway(options, cli, output, async (client) => {
      await tellCritical(output, client, new Set())
      return reportRound({ cli, output, client, crosswalks }, options)
    })
    output.json({ reports: done })
    const written = done.filter(({ error }) => error === undefined)
    if (done.length === 0) output.print('no reports are waiting')
    else
      output.print(`${count(written.length, 'report')} of ${done.length} written and acknowledged`)
  })
}

function registerWatch(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'watch',
    summary: 'fetch reports as they arrive, until stopped',
    examples: [
      `nocturne reports watch ${ACCESS} ${OPENING} --out reports --mllp ris.example.org:2575`,
    ],
  })
  addFetchOptions(command)
    .option(
      '--every <seconds>',
      'how long to wait between two checks',
      wholeNumber(1, 3_600),
      PAUSE_SECONDS,
    )
    .action((options: WatchOptions) => watch(cli, options))
}

interface WatchOptions extends FetchOptions {
  readonly every: number
}

async function watch(cli: Cli, options: WatchOptions): Promise<void> {
  const output = cli.output(options)
  const total = { written: 0 }
  const told = new Set<string>()
  const isStopped = () => cli.signal.aborted
  // Read once, so that no passphrase is asked for during the night.
  const crosswalks = await crosswalkLines(options, output)
  await withGateway(options, cli, output, async (client) => {
    while (!isStopped()) {
      try {
        // First, because a report may take long to write.
        await tellCritical(output, client, told)
        const done = await reportRound({ cli, output, client, crosswalks }, options)
        const written = done.filter(({ error }) => error === undefined).length
        total.written += written
        // What failed before has been delivered since, or is not waiting any more.
        if (written === done.length) output.exitCode = EXIT.done
      } catch (error) {
        // The gateway may return, and nobody would notice at night that the watch had ended.
        if (isStopped()) break
        output.warn(`${toErrorJson(error).message}; trying again`)
      }
      await sleep(options.every * 1_000, undefined, { signal: cli.signal }).catch(() => undefined)
    }
  })
  output.json(total)
}
