/**
 * The way back from the pseudonyms of one envelope: written while its items are taken, sealed to the facility alone as it
 * is written, and made visible by the same commit. The gateway cannot read it again.
 */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { InstanceFacts, WayBack } from '../deidentify/index.js'
import { MAX_SHARED, MAX_SHARED_BYTES, PAIRS_A_LINE } from '../lib/crosswalk.js'
import type { CrosswalkLine } from '../lib/crosswalk.js'
import type { StoredItem } from '../store/index.js'
import type { KeepSealed } from './original.js'

export interface StoredCrosswalk {
  readonly stored: StoredItem
  readonly items: number
  /** Public id of the facility's secret. */
  readonly key: string
}

export type CrosswalkHead = Omit<CrosswalkLine & { readonly type: 'crosswalk' }, 'type' | 'v'>

/** UIDs that are written once: those of studies, series and frames of reference come with every item. */
const MAX_KNOWN_UIDS = 20_000

export class CrosswalkWriter {
  readonly #head: CrosswalkHead
  readonly #keepSealed: KeepSealed
  readonly #codes = new Set<string>()
  readonly #uids = new Set<string>()
  #shared = new Map<string, number>()
  #sharedBytes = 0
  #items = 0
  #stream: PassThrough | undefined
  #stored: Promise<StoredItem> | undefined

  constructor(head: CrosswalkHead, keepSealed: KeepSealed) {
    this.#head = head
    this.#keepSealed = keepSealed
  }

  /** One item, whole: items that are taken at the same time do not mix. @throws what the store refuses */
  async add(facts: InstanceFacts, wayBack: WayBack): Promise<void> {
    const stream = (this.#stream ??= this.#start())
    const lines = [...this.#linesOf(facts, wayBack)]
    this.#items += 1
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    if (stream.destroyed) await this.#stored
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), this.#stored])
  }

  /** Undefined when there is nothing to find the way back to. @throws what the store refuses */
  async end(): Promise<StoredCrosswalk | undefined> {
    if (!this.#stream || !this.#stored) return undefined
    this.#stream.end()
    return { stored: await this.#stored, items: this.#items, key: this.#head.key }
  }

  /** The request has failed: nothing is kept. Never throws. */
  async drop(): Promise<void> {
    this.#stream?.destroy(new Error('the upload was given up'))
    await this.#stored?.catch(() => undefined)
  }

  #start(): PassThrough {
    const stream = new PassThrough({ highWaterMark: 1 << 18 })
    this.#stored = this.#keepSealed(stream)
    // A store that fails must not leave the writer waiting for a drain that never comes.
    this.#stored.catch(() => stream.destroy())
    stream.on('error', () => undefined)
    stream.write(`${JSON.stringify({ type: 'crosswalk', v: 1, ...this.#head })}\n`)
    return stream
  }

  *#linesOf(facts: InstanceFacts, wayBack: WayBack): Generator<CrosswalkLine> {
    const { code, shiftSeconds, identity, characterSet } = wayBack
    if (!this.#codes.has(code)) {
      this.#codes.add(code)
      yield { type: 'patient', code, shiftSeconds, ...identity }
    }
    const pairs = wayBack.uids.filter(([, replacement]) => !this.#uids.has(replacement))
    if (this.#uids.size + pairs.length > MAX_KNOWN_UIDS) this.#uids.clear()
    for (const [, replacement] of pairs) this.#uids.add(replacement)
    for (let i = 0; i < pairs.length; i += PAIRS_A_LINE)
      yield { type: 'uids', pairs: pairs.slice(i, i + PAIRS_A_LINE) }
    const size = wayBack.elements.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const isFull =
      this.#shared.size + wayBack.elements.length > MAX_SHARED ||
      this.#sharedBytes + size > MAX_SHARED_BYTES
    if (isFull) {
      this.#shared = new Map()
      this.#sharedBytes = 0
      yield { type: 'forget' }
    }
    const elements: number[] = []
    for (const { bytes } of wayBack.elements) {
      const key = `${characterSet}\0${bytes.toString('latin1')}`
      const before = this.#shared.get(key)
      const n = before ?? this.#shared.size + 1
      elements.push(n)
      if (before !== undefined) continue
      this.#shared.set(key, n)
      this.#sharedBytes += bytes.length
      yield { type: 'element', n, set: characterSet, bytes: bytes.toString('base64') }
    }
    yield {
      type: 'item',
      study: facts.studyInstanceUID,
      series: facts.seriesInstanceUID,
      instance: facts.sopInstanceUID,
      code,
      elements,
      omitted: wayBack.omitted,
    }
  }
}
