import type { DeidentifiedInstance, InstanceFacts } from '../../deidentify/index.js'
import type { WayBack } from '../../deidentify/identity/index.js'
import type { Envelope } from '../../seal/index.js'
import { CrosswalkText } from './crosswalk.js'
import type { Crosswalk, StoredCrosswalk } from './crosswalk.js'
import type { UploadContext } from './open-upload.js'
import type { SettledItem } from './settle.js'

/** A row of `crosswalk_pieces`: a complete sealed crosswalk of a few items. */
interface Piece {
  readonly key_id: string
  readonly items: number
  readonly message: Buffer
}

/**
 * The crosswalk of a whole envelope, and the pieces of it that each commit stores until then.
 *
 * Every piece is signed, because a crash may make it the last one, and is a complete message of its
 * own. All of them share one session key, so that the facility's certificate is examined, and a key
 * sealed to it, once per study rather than once per instance. Like the session key of the study's
 * envelope, it is kept in memory only, until the study ends.
 */
export class GrowingCrosswalk implements Crosswalk {
  readonly #whole: Crosswalk
  readonly #about: UploadContext['crosswalkAbout']
  readonly #newEnvelope: () => Promise<Envelope>
  readonly #waiting = new Map<InstanceFacts, WayBack>()
  readonly #prepared = new WeakMap<InstanceFacts, Promise<Piece>>()
  #envelope: Promise<Envelope> | undefined
  #isClosed = false

  /** @param newEnvelope makes an envelope to the facility */
  constructor(
    context: Pick<UploadContext, 'crosswalk' | 'crosswalkAbout'>,
    newEnvelope: () => Promise<Envelope>,
  ) {
    this.#whole = context.crosswalk
    this.#about = context.crosswalkAbout
    this.#newEnvelope = newEnvelope
  }

  async add(facts: InstanceFacts, wayBack: WayBack): Promise<void> {
    this.#waiting.set(facts, wayBack)
    await this.#whole.add(facts, wayBack)
  }

  end(): Promise<StoredCrosswalk | undefined> {
    return this.#whole.end()
  }

  drop(): Promise<void> {
    return this.#whole.drop()
  }

  /** Overwrites the session key of the pieces. Call when no more will be needed. */
  close(): void {
    this.#isClosed = true
    void this.#envelope?.then(
      (envelope) => envelope.close(),
      () => undefined,
    )
  }

  /** Begins the piece of one instance, which is used if the instance is then accepted alone. */
  prepare({ facts, wayBack }: Pick<DeidentifiedInstance, 'facts' | 'wayBack'>): void {
    if (!wayBack) return
    const piece = this.#pieceFor([[facts, wayBack]])
    // Its failure is reported where it is used.
    piece.catch(() => undefined)
    this.#prepared.set(facts, piece)
  }

  /**
   * Returns a complete sealed crosswalk of just these items; undefined when none of them needs one.
   */
  async pieceOf(items: readonly SettledItem[]): Promise<Piece | undefined> {
    const accepted = items.flatMap((item): [InstanceFacts, WayBack][] => {
      const facts = item.outcome === 'accepted' ? item.facts : undefined
      const wayBack = facts && this.#waiting.get(facts)
      if (!facts || !wayBack) return []
      this.#waiting.delete(facts)
      return [[facts, wayBack]]
    })
    const [first] = accepted
    if (!first) return undefined
    const prepared = accepted.length === 1 ? this.#prepared.get(first[0]) : undefined
    return prepared ?? this.#pieceFor(accepted)
  }

  async #pieceFor(items: readonly (readonly [InstanceFacts, WayBack])[]): Promise<Piece> {
    const text = new CrosswalkText(this.#about)
    const lines = items.map(([facts, wayBack]) => text.add(facts, wayBack))
    const content = Buffer.from(lines.join('') + (await text.end()))
    const envelope = await this.#opened()
    const sealed = envelope.keyPackets.map(({ packet }) => packet)
    const { bytes } = envelope.seal(once(content), { isMeasured: false })
    for await (const part of bytes) sealed.push(part)
    return { key_id: text.key, items: text.items, message: Buffer.concat(sealed) }
  }

  #opened(): Promise<Envelope> {
    if (this.#isClosed) throw new Error('the crosswalk is closed')
    this.#envelope ??= this.#newEnvelope().catch((error: unknown) => {
      this.#envelope = undefined
      throw error
    })
    return this.#envelope
  }
}

const once = (bytes: Buffer): AsyncIterable<Buffer> => ({
  [Symbol.asyncIterator]: () => {
    const left = [bytes]
    return {
      next: () => {
        const value = left.shift()
        return Promise.resolve(value ? { done: false, value } : { done: true, value: undefined })
      },
    }
  },
})
