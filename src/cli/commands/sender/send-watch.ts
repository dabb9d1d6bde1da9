/** `send --watch`: sends a folder once nothing in it changes any more. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, toErrorJson, usageError } from '../../command-error.js'
import type { Cli } from '../../command.js'
import type { Output } from '../../output.js'
import type { SeenFile } from '../../sender/watch/folder.js'
import { sendFiles, show } from './send-files.js'
import type { SendCommandOptions } from './send-files.js'

/** Between two looks at the folder. */
const LOOK_MS = 1_000

/**
 * Without `--each`, waits until the whole folder is quiet, sends it as one transfer, and ends. With
 * it, runs until stopped: each subfolder is one study, and files that come later join its case.
 */
export async function sendWatched(
  cli: Cli,
  output: Output,
  paths: readonly string[],
  options: SendCommandOptions,
): Promise<void> {
  const [folder, ...others] = paths
  if (folder === undefined || others.length > 0)
    throw usageError('--watch takes one folder', 'run one nocturne send for each folder')
  const [{ groupsIn }, { Settling }] = await Promise.all([
    import('../../sender/watch/folder.js'),
    import('../../sender/watch/settled.js'),
  ])
  const settling = new Settling(options.quiet * 1_000)
  /** The first transfer of each group: what comes later joins its case. */
  const firsts = new Map<string, string>()
  const total = { sent: 0 }
  const isStopped = () => cli.signal.aborted
  while (!isStopped()) {
    const found = await groupsIn(folder)
    const groups = options.each === true ? found : new Map([['', [...found.values()].flat()]])
    for (const [name, files] of groups) {
      const ready = settling.ready(files, performance.now())
      if (ready.length === 0) continue
      if (options.each !== true) {
        await sendGroup(cli, output, files, options)
        return
      }
      const joined = options.case ?? firsts.get(name)
      const more = { ...options, ...(joined !== undefined && { case: joined }) }
      try {
        const chosen = files.filter((one) => ready.includes(one))
        const { id } = await sendGroup(cli, output, chosen, more)
        settling.sent(chosen)
        total.sent += 1
        if (id !== undefined && !firsts.has(name)) firsts.set(name, id)
      } catch (error) {
        // The gateway may return; a group that it refuses must not hold up the others.
        if (isStopped()) break
        output.warn(`${toErrorJson(error).message}; trying again`)
        if (error instanceof CommandError && error.exit !== 4) await pause(cli, RETRY_MS)
      }
    }
    await pause(cli, LOOK_MS)
  }
  if (options.each !== true)
    throw new CommandError('stopped before the folder was quiet; nothing was sent', {
      code: 'interrupted',
      hint: 'run the same command again once the folder is complete',
    })
  output.json(total)
}

const RETRY_MS = 15_000

const pause = (cli: Cli, ms: number): Promise<void> =>
  sleep(ms, undefined, { signal: cli.signal }).catch(() => undefined)

async function sendGroup(
  cli: Cli,
  output: Output,
  files: readonly SeenFile[],
  options: SendCommandOptions,
): Promise<{ readonly id: string | undefined }> {
  const listed = { files: files.map(({ file }) => file), leftOut: [], missing: 0 }
  const sent = await sendFiles(cli, output, listed, options)
  // One document for each run: with --each, the totals.
  show(output, sent, options.each !== true)
  return { id: sent.report.answer.id }
}
