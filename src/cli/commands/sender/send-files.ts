/** Sends files as one transfer, and shows what became of each. */
import type { UploadAnswer } from '../../../protocol/http/transfers.js'
import type { Cli } from '../../command.js'
import { EXIT } from '../../command-error.js'
import { count, formatBytes } from '../../format.js'
import { connectionOf, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import type { Output } from '../../output.js'
import { placeText } from '../../../lib/place.js'
import type { LeftOut, Listed } from '../../sender/files.js'
import type { UploadReport } from '../../sender/upload.js'

export interface SendOptions extends GatewayOptions {
  readonly group?: string
  readonly case?: string
  readonly priority?: string
  readonly skipLinks?: boolean
  readonly again?: boolean
  readonly json?: boolean
}

/** Options of `send` alone. */
export interface SendCommandOptions extends SendOptions {
  readonly watch?: boolean
  readonly each?: boolean
  readonly quiet: number
  readonly fromDicomdir?: boolean
  readonly sealHere?: boolean
  readonly site?: string
}

const OUTCOMES = ['accepted', 'duplicate', 'quarantined', 'refused'] as const

export const SKIPS_LINKS =
  'leave out symbolic links that point outside their folder, without an error'

export interface SentPaths {
  readonly report: UploadReport
  readonly leftOut: readonly LeftOut[]
  /** Number and size of the files, for people. */
  readonly sent: string
}

/** Sends the files and folders as one transfer, and checks the receipt. */
export async function sendPaths(
  cli: Cli,
  output: Output,
  paths: readonly string[],
  options: SendOptions,
): Promise<SentPaths> {
  const { accountFor } = await import('../../sender/left-out.js')
  const skipsLinks = options.skipLinks === true
  return sendFiles(cli, output, await accountFor(paths, output, { skipsLinks }), options)
}

/** What is sent, what is not, and how many files the readers are told to miss. */
export interface Accounted extends Listed {
  readonly missing: number
}

/** Sends listed files as one transfer, and checks the receipt. */
export async function sendFiles(
  cli: Cli,
  output: Output,
  { files, leftOut, missing }: Accounted,
  options: SendOptions,
): Promise<SentPaths> {
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0)
  const report = await withGateway(options, cli, output, async (client) => {
    const [{ upload }, { openTrust }] = await Promise.all([
      import('../../sender/upload.js'),
      import('../../trust/trust.js'),
    ])
    // Before a study is handed to it.
    const trust = await openTrust({ ...connectionOf(options), client, output })
    const progress = output.progress({ label: 'sending', totalBytes, totalItems: files.length })
    try {
      const sent = await upload({
        ...{ client, files, missing, progress, signal: cli.signal },
        ...{ group: options.group, priority: options.priority, case: options.case },
        isAgain: options.again === true,
        onRetry: () => output.warn('no answer yet; asking the gateway about the upload'),
      })
      const { receipt, id, sentBefore } = sent.answer
      // The event of a second sending is about the request, not about the transfer of before.
      if (receipt !== undefined)
        await trust.checkReceipt(receipt, sentBefore === undefined ? id : undefined)
      return sent
    } finally {
      progress.clear()
    }
  })
  return { report, leftOut, sent: `${count(files.length, 'file')}, ${formatBytes(totalBytes)}` }
}

/** @param isAlone whether the answer is the command's whole document. */
export function show(
  output: Output,
  { report: { answer, paths }, leftOut, sent }: SentPaths,
  isAlone: boolean,
): void {
  const counts = OUTCOMES.map((outcome) => ({
    outcome,
    number: answer.items.filter((item) => item.outcome === outcome).length,
  }))
  const missing = answer.items.filter(({ outcome }) => !isIn(outcome))
  output.print(headline(answer))
  const summary = counts.filter(({ number }) => number > 0)
  const left = leftOut.length === 0 ? '' : `, ${String(leftOut.length)} left out`
  output.print(
    `${sent}: ${summary.map(({ outcome, number }) => `${number} ${WORDS[outcome]}`).join(', ')}${left}`,
  )
  for (const { index, outcome, code = '', hint = '', where } of missing) {
    const word = WORDS[outcome]
    output.print(`  item ${index}  ${word}  ${code}  ${paths.get(index) ?? ''}`.trimEnd())
    if (where) output.print(`    ${placeText(where)}`)
    if (hint !== '') output.print(`    hint: ${hint}`)
  }
  if (isAlone) output.json({ ...answer, ...(leftOut.length > 0 && { leftOut }) })
  if (missing.length > 0) output.exitCode = EXIT.partial
  if (!isAvailable(answer) && !isHeld(answer)) output.exitCode = EXIT.failed
}

/** The facility sees a quarantined item as held for it. */
const WORDS: Readonly<Record<(typeof OUTCOMES)[number], string>> = {
  accepted: 'accepted',
  duplicate: 'duplicate',
  quarantined: 'held',
  refused: 'refused',
}

function headline(answer: UploadAnswer): string {
  const { id = '', sentBefore } = answer
  if (sentBefore?.transfer === id)
    return `transfer ${id}: the same files were sent before, on ${sentBefore.availableAt}; no second case was created (use --again to create one)`
  if (isAvailable(answer)) return `transfer ${id}`
  if (isHeld(answer)) return `held: readers cannot see any of it yet${lookAt(id)}`
  return 'nothing was accepted; no transfer was created'
}

const lookAt = (id: string): string =>
  id === '' ? '' : `; look at it and release it: nocturne quarantine view --case ${id}`

const isIn = (outcome: string) => outcome === 'accepted' || outcome === 'duplicate'
const isAvailable = (answer: UploadAnswer) =>
  answer.id !== undefined && answer.items.some(({ outcome }) => isIn(outcome))
const isHeld = (answer: UploadAnswer) =>
  answer.items.some(({ outcome }) => outcome === 'quarantined')
