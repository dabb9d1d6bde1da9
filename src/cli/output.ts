import type { Writable } from 'node:stream'
import { systemCode } from '../lib/errors.js'
import { EXIT, toCommandError, toErrorJson } from './command-error.js'
import { Progress } from './progress.js'
import type { ProgressOptions } from './progress.js'

export interface Streams {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
}

export type Colour = 'red' | 'yellow' | 'green'
const COLOURS: Readonly<Record<Colour, string>> = { red: '31', yellow: '33', green: '32' }

/**
 * The command's output conventions (modelled on age): results go to standard output; everything
 * else goes to standard error, prefixed with `nocturne:`, in lower case without a final period.
 * With `--json`, standard output is exactly one JSON document, even when the command fails.
 */
export class Output {
  readonly isJson: boolean
  /** 1 once there was a failure that did not end the command. */
  exitCode: number = EXIT.done
  readonly #streams: Streams
  #answered = false
  #isClosed = false
  #progress: Progress | undefined

  constructor(streams: Streams, isJson: boolean) {
    this.#streams = streams
    this.isJson = isJson
    // EPIPE: the reader of our output has gone (`| head`). The work continues without printing.
    streams.stdout.on('error', (error: Error) => {
      this.#isClosed = true
      if (systemCode(error) !== 'EPIPE') this.exitCode = EXIT.failed
    })
  }

  /** True when nobody is reading standard output any more: a command that only prints may stop. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Prints a line of text; nothing with `--json`. */
  print(line = ''): void {
    if (!this.isJson) this.#write(`${printable(line)}\n`)
  }

  /** Prints lines that belong together, such as a proof; nothing with `--json`. */
  printText(text: string): void {
    if (this.isJson) return
    const lines = text.replace(/\n$/, '').split('\n')
    this.#write(lines.map((line) => `${printable(line)}\n`).join(''))
  }

  /** Width of the terminal; 100 if standard output is not one. */
  get columns(): number {
    return this.#streams.stdout.columns ?? 100
  }

  /** A line in colour on terminals (https://no-color.org); nothing with `--json`. */
  printColoured(line: string, colour: Colour | undefined): void {
    const isColoured = this.#streams.stdout.isTTY === true && !process.env.NO_COLOR
    if (this.isJson) return
    const text = printable(line)
    const [on, off] = colour && isColoured ? [`\u001b[${COLOURS[colour]}m`, '\u001b[0m'] : ['', '']
    this.#write(`${on}${text}${off}\n`)
  }

  /** Prints columns as wide as their widest cell; nothing with `--json`. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const all = [head, ...rows]
    const widths = head.map((_, column) =>
      all.reduce((widest, row) => Math.max(widest, (row[column] ?? '').length), 0),
    )
    for (const row of all) {
      this.print(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
    }
  }

  /** Prints the JSON document of `--json`; nothing without it. */
  json(value: unknown): void {
    if (!this.isJson || this.#answered) return
    this.#answered = true
    this.#write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** Reports something worth knowing that is not an error. */
  warn(message: string): void {
    this.#say(`warning: ${message}`)
  }

  /**
   * Reports a failure of the part that `about` names while the command continues; the exit status
   * becomes 1.
   */
  failed(error: unknown, about?: string): void {
    this.exitCode = EXIT.failed
    this.#report(error, about)
  }

  /**
   * Reports that the command failed: error and hint on standard error and, with `--json`, also as
   * its document.
   */
  fatal(error: unknown): void {
    this.exitCode = toCommandError(error).exit
    this.#report(error)
    this.json({ error: toErrorJson(error) })
  }

  /** A progress bar on standard error; shown only on a terminal. */
  progress(options: ProgressOptions): Progress {
    this.#progress = new Progress(this.#streams.stderr, options)
    return this.#progress
  }

  #report(error: unknown, about?: string): void {
    const { message, hint, details } = toCommandError(error)
    this.#say(`error: ${about === undefined ? '' : `${about}: `}${message}`)
    for (const line of details) this.#say(`error:   ${line}`)
    this.#say(`hint: ${hint}`)
  }

  #say(line: string): void {
    this.#progress?.clear()
    this.#streams.stderr.write(`nocturne: ${printable(line)}\n`)
  }

  #write(text: string): void {
    this.#progress?.clear()
    if (!this.#isClosed) this.#streams.stdout.write(text)
  }
}

/**
 * Removes control and format characters: text from elsewhere may contain escape sequences, which
 * must not reach a terminal.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
