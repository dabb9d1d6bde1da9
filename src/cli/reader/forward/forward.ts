/** Sends what was pulled to the reader's own PACS or workstation by C-STORE. */
import { createReadStream } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readStart, Reader } from '../../../dicom/index.js'
import type { SentInstance } from '../../../doors/dimse/index.js'
import { NocturneError, systemCode } from '../../../lib/errors.js'
import { ID_PATTERN } from '../../../lib/id-pattern.js'
import type { Manifest } from '../../../protocol/manifest.js'
import { itemPaths } from '../../../protocol/opened-names.js'
import { fileError } from '../../command-error.js'
import type { PacsTarget } from '../../pacs/address.js'
import { storeAll } from '../../pacs/store.js'
import { parseManifest } from '../manifest.js'
import { keepAnswers, storedItems } from './record.js'
import type { Answered } from './record.js'

export interface Forward {
  readonly to: PacsTarget
  readonly associations: number
  readonly signal: AbortSignal
  readonly onRetry: () => void
}

export interface ForwardReport {
  readonly id: string
  /** Stored now, and stored by an earlier run. */
  readonly stored: number
  readonly before: number
  /** Refused by the PACS: their files stay, and the next run sends them again. */
  readonly refused: readonly { readonly file: string; readonly status: string | undefined }[]
}

/** The transfers in a folder that `pull` has completed. */
export async function pulledTransfers(out: string): Promise<readonly string[]> {
  const entries = await readdir(out, { withFileTypes: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw fileError(out, error)
  })
  return entries
    .filter((entry) => entry.isDirectory() && ID_PATTERN.test(entry.name))
    .map(({ name }) => name)
    .sort()
}

interface Forwarded extends SentInstance {
  readonly item: number
  readonly file: string
}

/**
 * Sends the instances of one pulled transfer that this PACS has not stored yet, as they are.
 * Undefined for a folder without `manifest.json`, whose transfer is not complete.
 *
 * @throws CommandError `pacs_unreachable`, `pacs_refused`, `file_unreadable`; what was answered
 *   before that is kept
 */
export async function forwardTransfer(
  out: string,
  id: string,
  work: Forward,
): Promise<ForwardReport | undefined> {
  const folder = join(out, id)
  const manifest = await manifestOf(folder, id)
  if (!manifest) return undefined
  const to = nameOf(work.to)
  const before = await storedItems(folder, to)
  const instances = await instancesOf(folder, manifest, before)
  const answers: Answered[] = []
  const refused: { file: string; status: string | undefined }[] = []
  try {
    await storeAll(instances, {
      ...work,
      onDone: ({ item, file }, stored, status) => {
        const text = statusText(status)
        const at = new Date().toISOString()
        answers.push({ to, item, stored, ...(text !== undefined && { status: text }), at })
        if (!stored) refused.push({ file, status: text })
      },
    })
  } finally {
    await keepAnswers(folder, answers)
  }
  const stored = answers.filter((one) => one.stored).length
  return { id, stored, before: before.size, refused }
}

export const nameOf = ({ called, host, port }: PacsTarget): string => `${called}@${host}:${port}`

async function manifestOf(folder: string, id: string): Promise<Manifest | undefined> {
  const path = join(folder, 'manifest.json')
  const bytes = await readFile(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(path, error)
  })
  return bytes && parseManifest(bytes, id)
}

async function instancesOf(
  folder: string,
  { items }: Manifest,
  before: ReadonlySet<number>,
): Promise<readonly Forwarded[]> {
  const paths = itemPaths(items)
  const found: Forwarded[] = []
  for (const { kind, index, instance, sopClass } of items) {
    if (kind !== 'instance' || before.has(index) || instance === undefined) continue
    const file = join(folder, paths.get(index) ?? '')
    const start = await startOf(file)
    found.push({
      item: index,
      file,
      sopClass: sopClass ?? start.sopClassUID ?? '',
      sopInstance: instance,
      transferSyntax: start.syntax.uid,
      dataSet: () => blocksFrom(file, start.end),
    })
  }
  return found
}

const MAX_START = 256 * 1024

async function startOf(file: string) {
  const bytes = createReadStream(file, { highWaterMark: 4096 })
  try {
    return await readStart(new Reader(bytes as AsyncIterable<Buffer>, MAX_START))
  } catch (error) {
    if (error instanceof NocturneError) throw error
    throw fileError(file, error)
  } finally {
    bytes.destroy()
  }
}

async function* blocksFrom(file: string, start: number): AsyncGenerator<Buffer> {
  try {
    for await (const block of createReadStream(file, { start, highWaterMark: 512 * 1024 }))
      yield block as Buffer
  } catch (error) {
    throw systemCode(error) === undefined ? error : fileError(file, error)
  }
}

const statusText = (status: number | undefined): string | undefined =>
  status === undefined ? undefined : `0x${status.toString(16).toUpperCase().padStart(4, '0')}`
