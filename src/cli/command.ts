import type { Command } from 'commander'
import type { Output } from './output.js'

/** The parts of the surrounding process that a command may use. */
export interface Cli {
  /** The Output of one run of a command; `json` is the value of its `--json`. */
  output(options: { readonly json?: boolean }): Output
  /** Aborted by the first SIGINT or SIGTERM; the second one ends the process at once. */
  readonly signal: AbortSignal
  /**
   * Declares that the command ends on its own once `signal` is aborted, however long that takes.
   */
  endsItself(): void
}

/**
 * Adds one command to its parent. Each file under commands/ exports one of these; program.ts lists
 * them.
 */
export type Register = (parent: Command, cli: Cli) => void

export interface CommandText {
  /** `send <path...>`, in commander's syntax. */
  readonly usage: string
  /** One line, lower case, no final period. */
  readonly summary: string
  /** Whole command lines that work. */
  readonly examples: readonly string[]
  /** Run when the word after the group's name names none of its commands. */
  readonly isDefault?: boolean
}

/**
 * A command with everything that all commands share: `--json`, and help that ends with an example.
 * Actions import large modules dynamically, so that `--help` loads no room.
 */
export function define(parent: Command, text: CommandText): Command {
  const examples = text.examples.map((line) => `  $ ${line}`).join('\n')
  return parent
    .command(text.usage, { isDefault: text.isDefault === true })
    .description(text.summary)
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', `\nExample:\n${examples}`)
}

/** A group of commands, such as `key`. */
export function defineGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary)
}
