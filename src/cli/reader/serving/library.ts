/**
 * What `pull --serve` has opened: instances sealed with keys in memory, and what they are searched
 * by. A transfer leaves the library when its case is closed or given to somebody else, and when its
 * time is over.
 */
import type { JsonModel } from '../../../dicom/json/index.js'
import type { ManifestItem } from '../../../protocol/manifest.js'
import { isSame } from '../content-meter.js'
import type { Measured } from '../content-meter.js'
import type { Shelf } from '../opened/shelf.js'
import { framesOf } from './frames.js'
import type { Frames } from './frames.js'
import { metadataOf } from './instance.js'
import type { ReadFile } from './instance.js'
import { SUMMARY_TAGS } from './attributes.js'
import { readSealed } from './sealed-files.js'
import type { SealedFile, SealedFiles } from './sealed-files.js'

export interface Instance {
  readonly transfer: string
  readonly study: string
  readonly series: string
  readonly instance: string
  readonly size: number
  /** The attributes that searches look at and return. */
  readonly summary: JsonModel
  readonly read: ReadFile
  /** @throws NocturneError of the walker */
  frames(): Promise<Frames | undefined>
}

interface Kept extends Instance {
  readonly path: string
  readonly plaintext: Measured
  readonly file: SealedFile
}

export class Library implements Shelf {
  readonly #files: SealedFiles
  /** By transfer, then by path in it. */
  readonly #transfers = new Map<string, Map<string, Kept>>()
  readonly #openedAt = new Map<string, number>()
  readonly #clock: () => number

  /** @param clock monotonic, in milliseconds */
  constructor(files: SealedFiles, clock: () => number) {
    this.#files = files
    this.#clock = clock
  }

  has(transfer: string, path: string, { plaintext }: ManifestItem): Promise<boolean> {
    const kept = this.#transfers.get(transfer)?.get(path)
    return Promise.resolve(kept !== undefined && isSame(kept.plaintext, plaintext))
  }

  /** Documents are verified and not kept: DICOMweb has no place for them. */
  write(transfer: string, path: string, { plaintext }: ManifestItem) {
    return async (content: AsyncIterable<Uint8Array>, check: () => void): Promise<void> => {
      const file = await this.#files.write(content, check)
      const isInstance = path.endsWith('.dcm')
      const kept = isInstance ? await keptOf({ transfer, path, plaintext, file }) : undefined
      if (!kept) {
        await this.#files.remove(file)
        return
      }
      const items = this.#transfers.get(transfer) ?? new Map<string, Kept>()
      this.#transfers.set(transfer, items.set(path, kept))
      if (!this.#openedAt.has(transfer)) this.#openedAt.set(transfer, this.#clock())
    }
  }

  get transfers(): readonly string[] {
    return [...this.#transfers.keys()]
  }

  /** Transfers opened longer ago than this. */
  olderThan(ms: number): readonly string[] {
    const before = this.#clock() - ms
    return [...this.#openedAt].filter(([, at]) => at <= before).map(([transfer]) => transfer)
  }

  /** Its files cannot be read afterwards, by whoever finds them. */
  async remove(transfer: string): Promise<void> {
    const items = this.#transfers.get(transfer)
    this.#transfers.delete(transfer)
    this.#openedAt.delete(transfer)
    for (const { file } of items?.values() ?? []) await this.#files.remove(file)
  }

  /** Of a UID that several transfers hold, the one that was opened first. */
  *instances(within: Within = {}): Generator<Instance> {
    const seen = new Set<string>()
    for (const items of this.#transfers.values())
      for (const kept of items.values()) {
        if (seen.has(kept.instance) || !isWithin(kept, within)) continue
        seen.add(kept.instance)
        yield kept
      }
  }
}

/** Levels of a resource's path; those left out match everything. */
export interface Within {
  readonly study?: string | undefined
  readonly series?: string | undefined
  readonly instance?: string | undefined
}

const isWithin = (one: Instance, { study, series, instance }: Within): boolean =>
  (study === undefined || one.study === study) &&
  (series === undefined || one.series === series) &&
  (instance === undefined || one.instance === instance)

/** Undefined for a file that names no study, series or instance. */
async function keptOf(
  opened: Pick<Kept, 'transfer' | 'path' | 'plaintext' | 'file'>,
): Promise<Kept | undefined> {
  const { file } = opened
  const read: ReadFile = (start, end) => readSealed(file, start, end)
  const metadata = await metadataOf(read, '')
  const summary: JsonModel = {}
  for (const tag of SUMMARY_TAGS) {
    const attribute = metadata[tag]
    if (attribute) summary[tag] = attribute
  }
  const uid = (tag: string): string => {
    const value = summary[tag]?.Value?.[0]
    return typeof value === 'string' ? value : ''
  }
  const [study, series, instance] = [uid('0020000D'), uid('0020000E'), uid('00080018')]
  if (study === '' || series === '' || instance === '') return undefined
  let frames: Promise<Frames | undefined> | undefined
  return {
    ...opened,
    ...{ study, series, instance, size: file.size, summary, read },
    frames: () => (frames ??= framesOf(read)),
  }
}
