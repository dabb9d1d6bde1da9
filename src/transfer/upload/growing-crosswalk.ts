import type { InstanceFacts } from '../../deidentify/index.js'
import type { WayBack } from '../../deidentify/identity/index.js'
import { CrosswalkText } from './crosswalk.js'
import type { Crosswalk, StoredCrosswalk } from './crosswalk.js'
import type { UploadContext } from './open-upload.js'
import type { SettledItem } from './settle.js'

/** The crosswalk of a whole envelope, and the pieces of it that each commit stores until then. */
export class GrowingCrosswalk implements Crosswalk {
  readonly #whole: Crosswalk
  readonly #waiting = new Map<InstanceFacts, WayBack>()

  constructor(whole: Crosswalk) {
    this.#whole = whole
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

  /**
   * Returns a complete sealed crosswalk of just these items; undefined when none of them needs one.
   */
  async pieceOf(
    items: readonly SettledItem[],
    { crosswalkAbout, sealToFacility }: Pick<UploadContext, 'crosswalkAbout' | 'sealToFacility'>,
  ): Promise<{ key_id: string; items: number; message: Buffer } | undefined> {
    const text = new CrosswalkText(crosswalkAbout)
    const lines = items.flatMap((item) => {
      const facts = item.outcome === 'accepted' ? item.facts : undefined
      const wayBack = facts && this.#waiting.get(facts)
      if (!facts || !wayBack) return []
      this.#waiting.delete(facts)
      return [text.add(facts, wayBack)]
    })
    if (lines.length === 0) return undefined
    const whole = Buffer.from(lines.join('') + (await text.end()))
    const sealed: Buffer[] = []
    for await (const part of (await sealToFacility(once(whole))).bytes) sealed.push(part)
    return { key_id: text.key, items: text.items, message: Buffer.concat(sealed) }
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
