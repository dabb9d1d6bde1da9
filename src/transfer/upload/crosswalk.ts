/**
 * The crosswalk of one envelope, from pseudonyms back to originals. It is written while the items
 * are processed, sealed to the facility as it is written, and made visible by the same commit. The
 * gateway cannot read it again.
 */
import { createHash } from 'node:crypto'
import type { InstanceFacts } from '../../deidentify/index.js'
import type { WayBack } from '../../deidentify/identity/index.js'
import {
  crosswalkStatement,
  MAX_SHARED,
  MAX_SHARED_BYTES,
  PAIRS_A_LINE,
  writeCrosswalkLine,
} from '../../protocol/crosswalk-lines.js'
import type { CrosswalkHead, CrosswalkLine } from '../../protocol/crosswalk-lines.js'
import type { StoredItem } from '../../store/index.js'
import { Spool } from './spool.js'
import type { KeepSealed } from './spool.js'

export interface StoredCrosswalk {
  readonly stored: StoredItem
  readonly items: number
  /** Public ID of the facility's secret. */
  readonly key: string
}

/** Signs a text as the gateway and returns an armored detached OpenPGP signature. */
export type Sign = (text: string) => Promise<string>

/**
 * How many UIDs are remembered as already written, because the UIDs of studies, series and frames
 * of reference repeat in every item.
 */
const MAX_KNOWN_UIDS = 20_000
/** Bytes that may wait to be stored. */
const WAITING = 1 << 18

/** Who signs a crosswalk, what it is about, and when. */
export interface CrosswalkAbout {
  readonly head: CrosswalkHead
  readonly sign: Sign
  readonly now: () => number
}

/** Collects the crosswalk entries of an upload's items. */
export interface Crosswalk {
  /**
   * Adds one item as a unit: items added concurrently do not interleave.
   * @throws the store's errors
   */
  add(facts: InstanceFacts, wayBack: WayBack): Promise<void>
  /**
   * Undefined when no item needs a crosswalk entry.
   * @throws the store's errors
   */
  end(): Promise<StoredCrosswalk | undefined>
  /** Discards everything after the request has failed. Never throws. */
  drop(): Promise<void>
}

/** One crosswalk as an object, stored while its items arrive. */
export class CrosswalkWriter implements Crosswalk {
  readonly #text: CrosswalkText
  readonly #keepSealed: KeepSealed
  #spool: Spool | undefined

  constructor(about: CrosswalkAbout, keepSealed: KeepSealed) {
    this.#text = new CrosswalkText(about)
    this.#keepSealed = keepSealed
  }

  async add(facts: InstanceFacts, wayBack: WayBack): Promise<void> {
    const spool = (this.#spool ??= new Spool(this.#keepSealed, WAITING))
    await spool.push(this.#text.add(facts, wayBack))
  }

  async end(): Promise<StoredCrosswalk | undefined> {
    if (!this.#spool) return undefined
    await this.#spool.push(await this.#text.end())
    const stored = await this.#spool.end()
    return { stored, items: this.#text.items, key: this.#text.key }
  }

  async drop(): Promise<void> {
    await this.#spool?.drop()
  }
}

/** The lines of one crosswalk, from header to signature. */
export class CrosswalkText {
  readonly #about: CrosswalkAbout
  readonly #hash = createHash('sha256')
  readonly #codes = new Set<string>()
  readonly #uids = new Set<string>()
  #shared = new Map<string, number>()
  #sharedBytes = 0
  #items = 0

  constructor(about: CrosswalkAbout) {
    this.#about = about
  }

  get items(): number {
    return this.#items
  }

  /** Public ID of the facility's secret. */
  get key(): string {
    return this.#about.head.key
  }

  add(facts: InstanceFacts, wayBack: WayBack): string {
    const { head } = this.#about
    const first = this.#items === 0 ? [{ type: 'crosswalk' as const, v: 1 as const, ...head }] : []
    this.#items += 1
    const text = [...first, ...this.#linesOf(facts, wayBack)].map(writeCrosswalkLine).join('')
    this.#hash.update(text)
    return text
  }

  async end(): Promise<string> {
    const { head, sign, now } = this.#about
    const signedAt = new Date(now()).toISOString()
    const signature = await sign(crosswalkStatement(head, this.#hash.digest('hex'), signedAt))
    return writeCrosswalkLine({ type: 'signature', signedAt, signature })
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
