import { Option } from 'commander'
import type { Command } from 'commander'
import { collect, wholeNumber } from '../../arguments.js'
import { addSourceOptions } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { fieldOf, incidentsIn, inRegister, withIncidents } from '../../officer/incident-source.js'
import type { Output } from '../../output.js'
import type { IncidentAnswer } from '../../../protocol/http/compliance.js'
import {
  FACTORS,
  registerAssess,
  registerDecide,
  registerLog,
  registerPack,
} from './incident-steps.js'

const SITE = '--site /srv/nocturne'
const KINDS = [
  'lost-device',
  'lost-key',
  'wrong-recipient',
  'unauthorised-access',
  'malware',
  'other',
] as const

export const registerIncident: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'incident',
    'incidents: facts, four factors, deadlines, notices',
  )
  registerOpen(group, cli)
  registerList(group, cli)
  registerShow(group, cli)
  registerAssess(group, cli)
  registerDecide(group, cli)
  registerPack(group, cli)
  registerLog(group, cli)
}

interface OpenOptions extends SourceOptions {
  readonly kind: (typeof KINDS)[number]
  readonly discovered: string
  readonly reader?: readonly string[]
  readonly keyFingerprint?: readonly string[]
  readonly device?: string
  readonly alert?: number
  readonly from?: string
  readonly until?: string
  readonly json?: boolean
}

function registerOpen(group: Command, cli: Cli): void {
  const open = define(group, {
    usage: 'open <incident>',
    summary: 'open an incident under an ID of its own, about a person, a key, a device or an alert',
    examples: [
      `nocturne incident open laptop-1 --kind lost-device --discovered 2026-07-02 --reader reader-1 ${SITE}`,
    ],
  })
  addSourceOptions(open)
    .addOption(new Option('--kind <kind>', 'what happened').choices(KINDS).makeOptionMandatory())
    .requiredOption('--discovered <date>', 'day on which it was discovered')
    .option('--reader <id>', 'reader whose key or device is concerned', collect)
    .option('--key-fingerprint <hex>', 'key concerned; its holder is known to the ledger', collect)
    .option('--device <id>', 'entry of the device in the register: its holder is concerned')
    .option('--alert <index>', 'entry of the alert in the ledger', wholeNumber(0, 2 ** 49))
    .option('--from <date>', 'first day on which data may have been exposed; all if omitted')
    .option('--until <date>', 'last such day; today if omitted')
    .action(async (incident: string, options: OpenOptions) => {
      const output = cli.output(options)
      const fields = await fieldsOfOpening(incident, options, cli, output)
      const [id = ''] = await inRegister(options, cli, output, (source) =>
        source.add('incident', [{ fields }]),
      )
      output.print(`opened ${incident}; next: nocturne incident show ${incident}`)
      output.json({ id, incident })
    })
}

async function fieldsOfOpening(
  incident: string,
  options: OpenOptions,
  cli: Cli,
  output: Output,
): Promise<Readonly<Record<string, string>>> {
  const { kind, discovered, from, until, device, alert, keyFingerprint = [] } = options
  const readers = [...(options.reader ?? [])]
  if (device !== undefined) readers.push(await holderOf(device, options, cli, output))
  if (alert !== undefined) {
    const subject = await withIncidents(options, cli, output, (source) =>
      source.subjectOfAlert(alert),
    )
    if (subject === undefined)
      throw usageError(
        'this entry is not an alert about a person',
        'give its index: nocturne audit query --type alert.raised',
      )
    readers.push(subject.split(' ')[0] ?? '')
  }
  if (readers.length + keyFingerprint.length === 0)
    throw usageError(
      'no person, key or device is given',
      'give --reader, --key-fingerprint, --device or --alert',
    )
  return {
    ...{ incident, kind, discovered },
    ...(readers.length > 0 && { readers: [...new Set(readers)].join(',') }),
    ...(keyFingerprint.length > 0 && { keys: keyFingerprint.join(',').toLowerCase() }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  }
}

async function holderOf(
  device: string,
  options: SourceOptions,
  cli: Cli,
  output: Output,
): Promise<string> {
  const devices = await inRegister(options, cli, output, (source) => source.list('device'))
  const found = devices.find(({ id }) => id === device)
  if (found) return found.subject
  throw usageError('there is no device with this ID', 'see: nocturne register list device')
}

function registerList(group: Command, cli: Cli): void {
  const list = define(group, {
    usage: 'list',
    summary: 'list incidents with their next deadline',
    examples: [`nocturne incident list ${SITE}`],
  })
  addSourceOptions(list).action(async (options: SourceOptions & { readonly json?: boolean }) => {
    const output = cli.output(options)
    const { nextDeadlines } = await import('../../officer/incident-deadlines.js')
    const entries = await incidentsIn(options, cli, output)
    const shown = nextDeadlines(entries, Date.now())
    if (shown.length === 0) output.print('no incidents')
    else
      output.table(
        ['INCIDENT', 'KIND', 'DISCOVERED', 'DECISION', 'NEXT DEADLINE'],
        shown.map(({ entry, next }) => [
          ...[entry.subject, fieldOf(entry, 'kind'), fieldOf(entry, 'discovered')],
          fieldOf(entry, 'decision') || 'open',
          next === undefined ? 'none' : `${next.due} ${next.cite} ${next.state}`,
        ]),
      )
    output.json({ incidents: shown })
  })
}

function registerShow(group: Command, cli: Cli): void {
  const show = define(group, {
    usage: 'show <incident>',
    summary: 'show what was viewed, what was only possible, and the deadlines',
    examples: [`nocturne incident show laptop-1 ${SITE}`],
  })
  addSourceOptions(show).action(
    async (incident: string, options: SourceOptions & { readonly json?: boolean }) => {
      const output = cli.output(options)
      const answer = await withIncidents(options, cli, output, (source) => source.show(incident))
      print(output, answer)
      output.json(answer)
    },
  )
}

function print(output: Output, { facts, deadlines, data }: IncidentAnswer): void {
  output.table(
    ['READER', 'VIEWED', 'FETCHED', 'LISTED', 'OPENABLE'],
    facts.readers.map(({ id, transfers: { viewed, fetched, listed, openable } }) => [
      ...[id, String(viewed), String(fetched), String(listed), String(openable)],
    ]),
  )
  const { total, viewed } = facts.individuals
  output.print(`${total} individuals are concerned; data of ${viewed} is known to have been viewed`)
  for (const { reader, transfer, case: code } of facts.viewed)
    output.print(`viewed by ${reader}: ${typeof code === 'string' ? code : transfer}`)
  for (const { cite, what, due, state } of deadlines)
    output.print(`${due}  ${cite}  ${what}: ${state}`)
  const missing = FACTORS.filter((factor) => typeof data[factor] !== 'string')
  if (missing.length > 0)
    output.print(`factors to be assessed: ${missing.join(', ')} (nocturne incident assess)`)
}
