#!/usr/bin/env node
/** The nocturne command: wires the process (signals, streams, exit status) to program.ts. */
import { CommanderError } from 'commander'
import type { Cli } from './command.js'
import { CommandError, EXIT } from './command-error.js'
import { Output } from './output.js'
import { buildProgram, explainUsage } from './program.js'

/** The exit status that shells report for a command ended by SIGINT. */
const INTERRUPTED = 130
/** Commands that do not end on their own after a signal get this long to stop. */
const GRACE_MS = 2000

const streams = { stdout: process.stdout, stderr: process.stderr }
const stopping = new AbortController()
let output: Output | undefined
let willEndItself = false

const cli: Cli = {
  output: ({ json = false }) => (output = new Output(streams, json)),
  signal: stopping.signal,
  endsItself: () => {
    willEndItself = true
  },
}

function stop(): void {
  // A second signal ends the process at once. Everything durable is written so that it survives a
  // kill.
  if (stopping.signal.aborted) process.exit(INTERRUPTED)
  stopping.abort()
  if (!willEndItself) setTimeout(() => process.exit(INTERRUPTED), GRACE_MS).unref()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
// EPIPE on either stream: nobody is reading. Output stops printing on its own.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

const words = process.argv.slice(2)
const program = await buildProgram(cli, streams, words)
try {
  await program.parseAsync(process.argv)
  process.exitCode = output?.exitCode ?? EXIT.done
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  const shown = output ?? new Output(streams, words.includes('--json'))
  if (error instanceof CommanderError) {
    const usage = explainUsage(error, program, words)
    if (usage === undefined) return EXIT.done
    shown.fatal(usage)
  } else if (stopping.signal.aborted && !willEndItself) {
    shown.fatal(
      new CommandError('interrupted', {
        code: 'interrupted',
        hint: 'run the same command again: complete files are kept, and pull resumes where it stopped',
      }),
    )
    return INTERRUPTED
  } else {
    shown.fatal(error)
  }
  return shown.exitCode
}
