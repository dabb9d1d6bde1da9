import type { Writable } from 'node:stream'
import { systemCode } from '../lib/errors.js'
import { EXIT, toCommandError, toErrorJson } from './command-error.js'
import { Progress } from './progress.js'
import type { ProgressOptions } from './progress.js'

export interface Streams {
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
}

/**
 * The voice of the command (after age's): what was asked for on standard output; everything else on
 * standard error behind `nocturne:`, lower case, no final period. With `--json` standard output
 * holds exactly one JSON document, also when the command fails.
 */
export class Output {
  readonly isJson: boolean
  /** 1 once something failed that did not end the command. */
  exitCode: number = EXIT.done
  readonly #streams: Streams
  #answered = false
  #isClosed = false
  #progress: Progress | undefined

  constructor(streams: Streams, isJson: boolean) {
    this.#streams = streams
    this.isJson = isJson
    // EPIPE: whoever read us has gone (`| head`). The work goes on; what it would print is dropped.
    streams.stdout.on('error', (error: Error) => {
      this.#isClosed = true
      if (systemCode(error) !== 'EPIPE') this.exitCode = EXIT.failed
    })
  }

  /** True when nobody reads standard output any more: a command that only prints may stop. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** A line of text; nothing with `--json`. */
  print(line = ''): void {
    if (!this.isJson) this.#write(`${printable(line)}\n`)
  }

  /** Lines that stand together, such as a proof; nothing with `--json`. */
  printText(text: string): void {
    if (this.isJson) return
    const lines = text.replace(/\n$/, '').split('\n')
    this.#write(lines.map((line) => `${printable(line)}\n`).join(''))
  }

  /** Columns as wide as their widest cell; nothing with `--json`. */
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

  /** The one document of `--json`; nothing without it. */
  json(value: unknown): void {
    if (!this.isJson || this.#answered) return
    this.#answered = true
    this.#write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** Something to know that is no error. */
  warn(message: string): void {
    this.#say(`warning: ${message}`)
  }

  /**
   * Something failed, what `about` names, and the rest of the command goes on: the exit status
   * becomes 1.
   */
  failed(error: unknown, about?: string): void {
    this.exitCode = EXIT.failed
    this.#report(error, about)
  }

  /**
   * The command failed: error and hint on standard error, and with `--json` the same as its
   * document.
   */
  fatal(error: unknown): void {
    this.exitCode = toCommandError(error).exit
    this.#report(error)
    this.json({ error: toErrorJson(error) })
  }

  /** A bar on standard error while work goes on; shows nothing unless that is a terminal. */
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
 * Text from elsewhere may carry escape sequences: control and format characters do not reach a
 * terminal.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
