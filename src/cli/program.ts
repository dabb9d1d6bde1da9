import { Command } from 'commander'
import type { CommanderError } from 'commander'
import { VERSION } from '../lib/version.js'
import type { Cli, Register } from './command.js'
import { usageError } from './command-error.js'
import type { CommandError } from './command-error.js'
import type { Streams } from './output.js'
import { registerAudit } from './commands/audit.js'
import { registerCheck } from './commands/check.js'
import { registerClaim } from './commands/claim.js'
import { registerCrosswalk } from './commands/crosswalk.js'
import { registerDeidentify } from './commands/deidentify.js'
import { registerDump } from './commands/dump.js'
import { registerFacility } from './commands/facility.js'
import { registerInbox } from './commands/inbox.js'
import { registerInit } from './commands/init.js'
import { registerKey } from './commands/key.js'
import { registerOpen } from './commands/open.js'
import { registerPull } from './commands/pull.js'
import { registerQuarantine } from './commands/quarantine.js'
import { registerReidentify } from './commands/reidentify.js'
import { registerRelease } from './commands/release.js'
import { registerRewrap } from './commands/rewrap.js'
import { registerSeal } from './commands/seal.js'
import { registerSecret } from './commands/secret.js'
import { registerSend } from './commands/send.js'
import { registerServe } from './commands/serve.js'
import { registerSignIn } from './commands/sign-in.js'
import { registerWitness } from './commands/witness.js'
import { registerToken } from './commands/token.js'

/** In the order of `nocturne --help`: the operator's, the sender's, the reader's, the officer's, the rooms by themselves. */
const COMMANDS: readonly Register[] = [
  registerInit,
  registerCheck,
  registerServe,
  registerKey,
  registerSecret,
  registerFacility,
  registerDump,
  registerToken,
  registerSignIn,
  registerSend,
  registerQuarantine,
  registerCrosswalk,
  registerReidentify,
  registerInbox,
  registerClaim,
  registerRelease,
  registerPull,
  registerRewrap,
  registerAudit,
  registerWitness,
  registerOpen,
  registerSeal,
  registerDeidentify,
]

/** The whole command. Parsing throws CommanderError; see `explainUsage`. Help goes to `streams`. */
export function buildProgram(cli: Cli, streams: Streams): Command {
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
  for (const register of COMMANDS) register(program, cli)
  return program
}

/**
 * What the parser objected to, in our own voice; undefined when it only printed help or the version. The value
 * of an argument is never repeated: it may be a token that was pasted into the wrong place.
 */
export function explainUsage(
  error: CommanderError,
  program: Command,
  words: readonly string[],
): CommandError | undefined {
  if (error.exitCode === 0) return undefined
  const { command, line } = findCommand(program, words)
  const help = `see ${line} --help`
  if (error.code === 'commander.help') return usageError('no command was given', help)
  // The parser looks for what is missing first, and a mistyped option makes the right one missing.
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

/** The command that the first words name, and its name from `nocturne` on. */
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
