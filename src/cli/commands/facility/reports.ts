import { setTimeout as sleep } from 'node:timers/promises'
import { Option } from 'commander'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { toErrorJson } from '../../command-error.js'
import { count, formatFingerprint } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { readKey } from '../../key-options.js'
import type { Output } from '../../output.js'
import { addCrosswalkOptions, crosswalkLines } from './crosswalk.js'
import type { CrosswalkOptions } from './crosswalk.js'
import type { Format } from '../../facility/reports.js'
import type { GatewayClient } from '../../client.js'
import type { Command } from 'commander'

interface FetchOptions extends GatewayOptions, CrosswalkOptions {
  readonly out: string
  readonly format?: readonly Format[]
  readonly mllp?: string
  readonly mllpCaFile?: string
}

const FORMATS = ['text', 'pdf', 'hl7', 'fhir', 'sr', 'dicom-pdf'] as const
const ACCESS = '--gateway https://gateway.example.org --token-file facility-a.token'
const OPENING = '--crosswalk crosswalk --key facility-a.asc'
/** Between two checks of `watch`. */
const PAUSE_MS = 15_000

export const registerReports: Register = (parent, cli) => {
  const group = defineGroup(parent, 'reports', 'fetch the reports on what your facility sent')
  registerList(group, cli)
  registerFetch(group, cli)
  registerWatch(group, cli)
}

function registerList(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'list',
    summary: 'list reports: case, status, reader, and whether the facility has it',
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
    .requiredOption('--out <dir>', 'folder for the reports, in clear, with the identity put back')
    .addOption(
      new Option('--format <format...>', 'formats to write; all when not given').choices(FORMATS),
    )
    .option('--mllp <host:port>', 'send each report to this RIS as HL7 before it is acknowledged')
    .option('--mllp-ca-file <file>', 'talk TLS to the RIS and trust these PEM certificates')
}

function registerFetch(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'fetch',
    summary: 'open, verify, write and acknowledge the reports that wait for your facility',
    examples: [`nocturne reports fetch ${ACCESS} ${OPENING} --out reports`],
  })
  addFetchOptions(command).action(async (options: FetchOptions) => {
    const output = cli.output(options)
    const done = await withGateway(options, cli, output, (client) =>
      round(cli, output, client, options),
    )
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
    summary: 'do what fetch does whenever a report arrives, until stopped',
    examples: [
      `nocturne reports watch ${ACCESS} ${OPENING} --out reports --mllp ris.example.org:2575`,
    ],
  })
  addFetchOptions(command).action(async (options: FetchOptions) => {
    const output = cli.output(options)
    const total = { written: 0 }
    const isStopped = () => cli.signal.aborted
    await withGateway(options, cli, output, async (client) => {
      while (!isStopped()) {
        try {
          const done = await round(cli, output, client, options)
          total.written += done.filter(({ error }) => error === undefined).length
        } catch (error) {
          // An unavailable gateway comes back, and a watch that ended at night would go unnoticed.
          if (isStopped()) break
          output.warn(`${toErrorJson(error).message}; trying again`)
        }
        await sleep(PAUSE_MS, undefined, { signal: cli.signal }).catch(() => undefined)
      }
    })
    output.json(total)
  })
}

interface Done {
  readonly report: string
  readonly code: string
  readonly files?: readonly string[]
  readonly signedBy?: string
  readonly error?: unknown
}

/**
 * Fetches everything that is waiting. A report that fails stays unacknowledged, and the others
 * continue.
 */
async function round(
  cli: Cli,
  output: Output,
  client: GatewayClient,
  options: FetchOptions,
): Promise<readonly Done[]> {
  const [{ waitingReports, openReport, deliverReport, FORMATS: all }, { readIdentities }] =
    await Promise.all([
      import('../../facility/reports.js'),
      import('../../facility/report-identity.js'),
    ])
  const waiting = await waitingReports(client)
  if (waiting.length === 0) return []
  const [{ fetchCrosswalks }, { makeFolder }, { readGateway }] = await Promise.all([
    import('../../facility/crosswalk.js'),
    import('../../local-write.js'),
    import('../../reader/pull-targets.js'),
  ])
  const [first, ...more] = await Promise.all(
    options.key.map((key) => readKey({ ...options, key }, output)),
  )
  if (!first) return []
  const { name: gateway } = await readGateway(client, [])
  const work = {
    ...{ client, gateway, signal: cli.signal },
    keys: [first, ...more] as const,
    onRetry: () => output.warn('the connection broke; trying again'),
  }
  await fetchCrosswalks(client, options.crosswalk, undefined, cli.signal)
  await makeFolder(options.out)
  const delivery = {
    out: options.out,
    formats: options.format ?? all,
    mllp: await targetOf(options),
  }
  const done: Done[] = []
  for (const { id, code } of waiting) {
    cli.signal.throwIfAborted()
    try {
      const opened = await openReport(work, id)
      const { lines } = await crosswalkLines(options, output)
      const identities = await readIdentities(lines(), new Set(opened.document.studies))
      const files = await deliverReport(work, opened, identities, delivery)
      const { signedBy } = opened
      done.push({ report: id, code, files, signedBy })
      output.print(
        `${code}: ${opened.view.status} report by ${opened.view.author}, ${formatFingerprint(signedBy)}`,
      )
      for (const file of files) output.print(`  ${file}`)
    } catch (error) {
      output.failed(error, code)
      done.push({ report: id, code, error: toErrorJson(error) })
    }
  }
  return done
}

/** @throws CommandError `usage` */
async function targetOf({ mllp, mllpCaFile }: FetchOptions) {
  if (mllp === undefined) return undefined
  const { usageError } = await import('../../command-error.js')
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(mllp) ?? []
  if (host === '' || Number(port) < 1 || Number(port) > 65_535)
    throw usageError(
      '--mllp is not HOST:PORT',
      'give the host and port of the RIS, such as ris.example.org:2575',
    )
  if (mllpCaFile === undefined) {
    if (!/^(127(\.\d{1,3}){3}|\[?::1\]?|localhost)$/.test(host))
      throw usageError(
        'a RIS on another machine needs TLS',
        'give --mllp-ca-file with the certificate that the RIS is verified with',
      )
    return { host, port: Number(port) }
  }
  const { readSmallText } = await import('../../secret-file.js')
  return { host, port: Number(port), tls: { ca: await readSmallText(mllpCaFile) } }
}
