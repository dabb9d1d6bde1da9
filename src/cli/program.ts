import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import type { Argument, CommanderError } from 'commander'
import { systemCode } from '../lib/errors.js'
import { VERSION } from '../lib/version.js'
import type { Cli, Register } from './command.js'
import { usageError } from './command-error.js'
import type { CommandError } from './command-error.js'
import type { Streams } from './output.js'

/**
 * By name, in the order of `nocturne --help`: commands for the operator, the sender, the reader and
 * the officer, then those that need no gateway. Each is loaded on demand: loading all of them takes
 * as long as opening a study.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  init: async () => (await import('./commands/site/init.js')).registerInit,
  check: async () => (await import('./commands/site/check.js')).registerCheck,
  serve: async () => (await import('./commands/site/serve.js')).registerServe,
  backup: async () => (await import('./commands/site/backup.js')).registerBackup,
  restore: async () => (await import('./commands/site/backup.js')).registerRestore,
  drill: async () => (await import('./commands/site/backup.js')).registerDrill,
  purge: async () => (await import('./commands/site/purge.js')).registerPurge,
  edge: async () => (await import('./commands/site/edge.js')).registerEdge,
  intake: async () => (await import('./commands/site/intake.js')).registerIntake,
  key: async () => (await import('./commands/site/key.js')).registerKey,
  invite: async () => (await import('./commands/site/invite.js')).registerInvite,
  member: async () => (await import('./commands/site/member.js')).registerMember,
  secret: async () => (await import('./commands/site/secret.js')).registerSecret,
  facility: async () => (await import('./commands/facility/facility.js')).registerFacility,
  dump: async () => (await import('./commands/site/dump.js')).registerDump,
  site: async () => (await import('./commands/site/site-export.js')).registerSite,
  token: async () => (await import('./commands/site/token.js')).registerToken,
  'sign-in': async () => (await import('./commands/site/sign-in.js')).registerSignIn,
  'sign-out': async () => (await import('./commands/site/sign-out.js')).registerSignOut,
  send: async () => (await import('./commands/sender/send.js')).registerSend,
  requisition: async () => (await import('./commands/sender/requisition.js')).registerRequisition,
  status: async () => (await import('./commands/sender/status.js')).registerStatus,
  recall: async () => (await import('./commands/reader/case.js')).registerRecall,
  reroute: async () => (await import('./commands/sender/reroute.js')).registerReroute,
  priority: async () => (await import('./commands/reader/case.js')).registerPriority,
  reassign: async () => (await import('./commands/reader/case.js')).registerReassign,
  quarantine: async () => (await import('./commands/facility/quarantine.js')).registerQuarantine,
  crosswalk: async () => (await import('./commands/facility/crosswalk.js')).registerCrosswalk,
  reidentify: async () => (await import('./commands/facility/reidentify.js')).registerReidentify,
  reports: async () => (await import('./commands/facility/reports.js')).registerReports,
  inbox: async () => (await import('./commands/reader/inbox.js')).registerInbox,
  claim: async () => (await import('./commands/reader/claim.js')).registerClaim,
  release: async () => (await import('./commands/reader/release.js')).registerRelease,
  report: async () => (await import('./commands/reader/report.js')).registerReport,
  critical: async () => (await import('./commands/reader/critical.js')).registerCritical,
  case: async () => (await import('./commands/reader/case.js')).registerCase,
  feedback: async () => (await import('./commands/reader/feedback.js')).registerFeedback,
  handover: async () => (await import('./commands/reader/handover.js')).registerHandover,
  duty: async () => (await import('./commands/reader/duty.js')).registerDuty,
  pull: async () => (await import('./commands/reader/pull.js')).registerPull,
  wipe: async () => (await import('./commands/reader/wipe.js')).registerWipe,
  rewrap: async () => (await import('./commands/reader/rewrap.js')).registerRewrap,
  audit: async () => (await import('./commands/audit/audit.js')).registerAudit,
  witness: async () => (await import('./commands/audit/witness.js')).registerWitness,
  assess: async () => (await import('./commands/officer/assess.js')).registerAssess,
  turnaround: async () => (await import('./commands/officer/turnaround.js')).registerTurnaround,
  'provider-audit': async () => (await import('./commands/officer/packs.js')).registerProviderAudit,
  safeguards: async () => (await import('./commands/officer/packs.js')).registerSafeguards,
  practices: async () => (await import('./commands/officer/packs.js')).registerPractices,
  incident: async () => (await import('./commands/officer/incident.js')).registerIncident,
  register: async () => (await import('./commands/officer/register.js')).registerRegister,
  open: async () => (await import('./commands/reader/open.js')).registerOpen,
  seal: async () => (await import('./commands/sender/seal.js')).registerSeal,
  deidentify: async () => (await import('./commands/facility/deidentify.js')).registerDeidentify,
}

/** A command as `nocturne --help` lists it. */
export interface ListedCommand {
  /** `send <path...>` */
  readonly usage: string
  readonly summary: string
  /** False for a group, whose subcommands have them. */
  readonly hasOptions: boolean
}

/**
 * The program for these words: with only the command that they begin with or, for anything else
 * such as `--help`, with all commands: as listed by the build (see `listCommands`) or, when run
 * from source or without words, loaded in full. Parsing throws CommanderError; see `explainUsage`.
 * Help goes to `streams`.
 */
export async function buildProgram(
  cli: Cli,
  streams: Streams,
  words?: readonly string[],
): Promise<Command> {
  const program = new Command('nocturne')
    .description('sends, seals, delivers and audits studies for after-hours reading')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: () => undefined,
    })
  const [name = ''] = words ?? []
  const listed = words && (await readListed())
  // The client package lists and contains only some commands.
  const isThere = listed === undefined || listed.some((one) => one.usage.split(' ')[0] === name)
  const wanted = isThere && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (listed && !wanted) for (const one of listed) addListed(program, one)
  else for (const load of wanted ? [wanted] : Object.values(COMMANDS)) (await load())(program, cli)
  return program
}

/** Used by the build to write `LISTED`. */
export async function listCommands(): Promise<readonly ListedCommand[]> {
  const neverRun: Cli = {
    output: () => {
      throw new Error('commands are listed here, not run')
    },
    signal: new AbortController().signal,
    endsItself: () => undefined,
  }
  const { commands } = await buildProgram(neverRun, process)
  return commands.map((command) => ({
    usage: [command.name(), ...command.registeredArguments.map(termOf)].join(' '),
    summary: command.description(),
    hasOptions: command.options.length > 0,
  }))
}

function termOf(argument: Argument): string {
  const shown = argument.variadic ? `${argument.name()}...` : argument.name()
  return argument.required ? `<${shown}>` : `[${shown}]`
}

const LISTED = new URL('commands.json', import.meta.url)

async function readListed(): Promise<readonly ListedCommand[] | undefined> {
  try {
    return JSON.parse(await readFile(LISTED, 'utf8')) as readonly ListedCommand[]
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Only listed, never run: a command that is called is loaded. */
function addListed(program: Command, { usage, summary, hasOptions }: ListedCommand): void {
  const command = program.command(usage).description(summary)
  if (hasOptions) command.option('--json')
}

/**
 * Converts a parser error to our own wording; undefined when the parser only printed help or the
 * version. The value of an argument is never repeated: it may be a token that was pasted in the
 * wrong place.
 */
export function explainUsage(
  error: CommanderError,
  program: Command,
  words: readonly string[],
): CommandError | undefined {
  if (error.exitCode === 0) return undefined
  const { command, line } = findCommand(program, words)
  const help = `see ${line} --help`
  if (error.code === 'commander.help') return usageError('no command given', help)
  // The parser reports missing options first, and mistyping an option makes the correct one
  // missing.
  const mistyped = words.map((word) => word.split('=', 1)[0] ?? '').find(isUnknownTo(command))
  if (error.code === 'commander.missingMandatoryOptionValue' && mistyped !== undefined) {
    return usageError(`unknown option '${mistyped}'`, help)
  }
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(rest.join(' '))?.[1]
  const message = first
    .replace(/^(unknown option '[^'=]*)=.*$/, "$1'")
    .replace(/ argument '.*' is invalid\. /s, ': ')
    .replace(/^command-argument value '.*' is invalid for argument '(\w+)'\. /s, '<$1>: ')
    .replace(/^too many arguments.*$/, 'too many arguments')
    .replace(/\.$/, '')
  return usageError(
    message.charAt(0).toLowerCase() + message.slice(1),
    suggestion === undefined ? help : `did you mean ${suggestion}?`,
  )
}

/** The command that the first words name, and its full name starting with `nocturne`. */
function findCommand(program: Command, words: readonly string[]) {
  let command = program
  const names = [program.name()]
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word)
    if (next === undefined) break
    names.push(next.name())
    command = next
  }
  return { command, line: names.join(' ') }
}

const isUnknownTo = (command: Command) => (flag: string) =>
  flag.startsWith('--') && flag !== '--' && !command.options.some(({ long }) => long === flag)
