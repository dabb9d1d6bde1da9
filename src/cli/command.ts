import type { Command } from 'commander'
import type { Output } from './output.js'

/** What a command may use of the process around it. */
export interface Cli {
  /** The Output of one run of a command; `json` is the value of its `--json`. */
  output(options: { readonly json?: boolean }): Output
  /** Aborted by the first SIGINT or SIGTERM; the second one ends the process at once. */
  readonly signal: AbortSignal
  /** Says that the command ends by itself once `signal` is aborted, however long that takes. */
  endsItself(): void
}

/**
 * Adds one command to its parent. Each file under commands/ exports one of these; program.ts lists
 * them.
 */
export type Register = (parent: Command, cli: Cli) => void

export interface CommandText {
  /** `send <path...>`, as commander reads it. */
  readonly usage: string
  /** One line, lower case, no final period. */
  readonly summary: string
  /** Whole command lines that work. */
  readonly examples: readonly string[]
}

/**
 * A command with the things that all commands have: `--json`, and help that ends in an example. The
 * action imports what is heavy inside itself, so that `--help` is answered without loading a room.
 */
export function define(parent: Command, text: CommandText): Command {
  const examples = text.examples.map((line) => `  $ ${line}`).join('\n')
  return parent
    .command(text.usage)
    .description(text.summary)
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', `\nExample:\n${examples}`)
}

/** A group of commands, such as `key`. */
export function defineGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary)
}
