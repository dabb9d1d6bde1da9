/** Commands that open a critical result, and those that answer it. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { caseName, collect, instant } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import type { Output } from '../../output.js'
import { CONTACT_ROLES } from '../../../protocol/critical.js'
import type { ContactRole, CriticalDocument } from '../../../protocol/critical.js'
import type { CriticalWhole } from '../../../protocol/http/critical.js'
import type { OpeningWork } from '../../reader/seal-back.js'
import { printChanged, textOf } from './critical-text.js'

const ACCESS = '--gateway https://gateway.example.org --token-file'
const AS_READER = `${ACCESS} reader-1.token --key reader-1.asc`
const AS_FACILITY = `${ACCESS} facility-a.token --key facility-a.asc`

/** What opening a finding needs; a facility may give several keys, and its crosswalk. */
interface OpenOptions extends GatewayOptions {
  readonly key: readonly string[]
  readonly passphraseFile?: string
  readonly crosswalk?: string
  readonly json?: boolean
}

const addOpenOptions = (command: Command): Command =>
  addGatewayOptions(command)
    .argument('<name>', 'ID of the critical result, or the code or ID of its case', caseName)
    .requiredOption(
      '--key <file>',
      "your private key; at a facility, the facility's, repeated for keys of earlier years",
      collect,
    )
    .option('--passphrase-file <file>', 'file that contains the passphrase of the keys')

const addCrosswalk = (command: Command): Command =>
  command.option(
    '--crosswalk <dir>',
    'folder of sealed crosswalks, to show whose finding it is; at a facility',
  )

interface Opened {
  readonly work: OpeningWork
  readonly view: CriticalWhole
  readonly finding: CriticalDocument
  readonly reader: string
}

/** Opens and prints the finding, then does the rest. */
async function withFinding<T>(
  cli: Cli,
  output: Output,
  name: string,
  options: OpenOptions,
  act: (opened: Opened) => Promise<T>,
): Promise<T> {
  const [{ findCritical, openFinding }, { whoAmI }, { readGateway }, { readKey }] =
    await Promise.all([
      import('../../reader/critical.js'),
      import('../../reader/take-claim.js'),
      import('../../reader/pull-targets.js'),
      import('../../key-options.js'),
    ])
  const { passphraseFile } = options
  const [first, ...more] = await Promise.all(
    options.key.map((key) =>
      readKey({ key, ...(passphraseFile !== undefined && { passphraseFile }) }, output),
    ),
  )
  if (!first) throw new Error('commander requires a key')
  return withGateway(options, cli, output, async (client) => {
    const work: OpeningWork = {
      ...{ client, signal: cli.signal, keys: [first, ...more] },
      gateway: (await readGateway(client, [])).name,
      onRetry: () => output.warn('the connection broke; trying again'),
    }
    const view = await findCritical(client, name)
    const finding = await openFinding(work, view)
    await printFinding(output, options, view, finding)
    return act({ work, view, finding, reader: await whoAmI(client) })
  })
}

async function printFinding(
  output: Output,
  options: OpenOptions,
  view: CriticalWhole,
  finding: CriticalDocument,
): Promise<void> {
  output.print(`${view.code}: critical result within ${view.level}, ${view.state}`)
  const { crosswalk } = options
  if (crosswalk !== undefined) {
    const [{ crosswalkLines }, identity, { nameOf }] = await Promise.all([
      import('../facility/crosswalk.js'),
      import('../../facility/report-identity.js'),
      import('../../../results/index.js'),
    ])
    const { lines } = await crosswalkLines({ ...options, crosswalk }, output)
    const found = await identity.readIdentities(lines(), new Set(finding.studies))
    const patient = identity.identityOf(finding.studies, found)
    output.print(
      `  patient: ${nameOf(patient.patientName)}, ${patient.patientId}, accession ${patient.accession}`,
    )
  }
  output.print(`  from ${finding.authorName ?? finding.author}, ${finding.signedAt}`)
  output.printText(finding.text)
}

export function registerShow(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'show',
    summary: 'open a critical result, and show the answers to it',
    examples: [`nocturne critical show K7Q-4MD ${AS_FACILITY} --crosswalk crosswalk`],
  })
  addCrosswalk(addOpenOptions(command)).action(async (name: string, options: OpenOptions) => {
    const output = cli.output(options)
    const { view, finding } = await withFinding(cli, output, name, options, (opened) =>
      Promise.resolve(opened),
    )
    const { text, authorName } = finding
    output.json({ critical: view, text, ...(authorName !== undefined && { authorName }) })
    for (const { kind, by, role, result, at } of view.answers)
      output.print(`  ${at} ${kind} by ${by}${role === undefined ? '' : ` (${role})`}: ${result}`)
  })
}

interface ReadBackOptions extends OpenOptions {
  readonly role: ContactRole
  readonly text?: string
}

const roleOption = (text: string): Option =>
  new Option('--role <role>', text).choices(CONTACT_ROLES).makeOptionMandatory()

export function registerReadBack(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'readback',
    summary: 'type a critical result back, at the facility',
    examples: [`nocturne critical readback K7Q-4MD --role nurse ${AS_FACILITY}`],
  })
  addCrosswalk(addOpenOptions(command))
    .addOption(roleOption('who reads it back'))
    .option('--text <file>', 'file with the typed text; without it, a terminal is asked')
    .action(async (name: string, options: ReadBackOptions) => {
      const output = cli.output(options)
      const { sendReadBack } = await import('../../reader/critical.js')
      const { answer, isSame } = await withFinding(
        cli,
        output,
        name,
        options,
        async ({ work, view, finding }) => {
          const text = options.text === undefined ? await typed() : await textOf(options.text)
          return sendReadBack(work, view, finding, { role: options.role, text })
        },
      )
      printChanged(output, answer)
      if (!isSame)
        output.warn('the words differ from the finding: a reader has to compare them, and is told')
    })
}

interface CompareOptions extends OpenOptions {
  readonly matches?: 'yes' | 'no'
}

export function registerCompare(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'compare',
    summary: 'compare a read-back with the finding, as a reader',
    examples: [`nocturne critical compare K7Q-4MD --matches yes ${AS_READER}`],
  })
  addOpenOptions(command)
    .addOption(
      new Option(
        '--matches <answer>',
        'whether both say the same; without it, both are only shown',
      ).choices(['yes', 'no']),
    )
    .action(async (name: string, options: CompareOptions) => {
      const output = cli.output(options)
      const { openReadBack, sendComparison } = await import('../../reader/critical.js')
      const answer = await withFinding(
        cli,
        output,
        name,
        options,
        async ({ work, view, finding, reader }) => {
          const { id, document } = await openReadBack(work, view)
          output.print('read back as:')
          output.printText(document.text)
          if (options.matches === undefined) {
            output.json({ critical: view, text: finding.text, readBack: document.text })
            return undefined
          }
          return sendComparison(work, view, id, { reader, matches: options.matches === 'yes' })
        },
      )
      if (answer) printChanged(output, answer)
    })
}

interface PhoneOptions extends OpenOptions {
  readonly role: ContactRole
  readonly at?: string
  readonly readBack: 'yes' | 'no'
}

export function registerPhone(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'phone',
    summary: 'log a phone call about a critical result, as a reader',
    examples: [`nocturne critical phone K7Q-4MD --role nurse --read-back yes ${AS_READER}`],
  })
  addOpenOptions(command)
    .addOption(roleOption('who took the finding'))
    .addOption(
      new Option('--read-back <answer>', 'whether that person read it back correctly')
        .choices(['yes', 'no'])
        .makeOptionMandatory(),
    )
    .option('--at <time>', 'time of the call; the current time if omitted', instant)
    .action(async (name: string, options: PhoneOptions) => {
      const output = cli.output(options)
      const { sendPhoneCall } = await import('../../reader/critical.js')
      const answer = await withFinding(cli, output, name, options, ({ work, view, reader }) =>
        sendPhoneCall(work, view, {
          reader,
          role: options.role,
          calledAt: options.at ?? new Date().toISOString(),
          readBack: options.readBack === 'yes',
        }),
      )
      printChanged(output, answer)
    })
}

/** @throws CommandError `usage` without a terminal */
async function typed(): Promise<string> {
  if (!process.stdin.isTTY) {
    const { usageError } = await import('../../command-error.js')
    throw usageError('there is no terminal to type on', 'give the typed text with --text FILE')
  }
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await terminal.question('type the finding back, on one line: ')).trim()
  } finally {
    terminal.close()
  }
}
