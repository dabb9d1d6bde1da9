/** Originals held for a facility: opened with its key, and released or discarded by signature. */
import { NocturneError } from '../../../lib/errors.js'
import { writeDiscard } from '../../../protocol/discard-statement.js'
import type { DiscardReason } from '../../../protocol/discard-statement.js'
import { isWaivable, writeReleases } from '../../../protocol/release-statement.js'
import type { ReleaseReason } from '../../../protocol/release-statement.js'
import { sha256Of } from '../../../protocol/signed.js'
import type { Signed } from './signed.js'

interface HeldName {
  readonly transfer: string
  readonly item: number
}

/** Opens one for a person to look at. */
export interface OpenHeld extends HeldName {
  readonly do: 'open held'
  readonly sealed: Uint8Array
}

interface Decision<Item, Reason> {
  readonly gateway: string
  readonly facility: string
  readonly items: readonly Item[]
  readonly reason: Reason
}

/** Refused for an original that was not opened here: nobody has looked at it. */
export interface ReleaseHeld extends Decision<
  HeldName & { readonly codes: readonly string[] },
  ReleaseReason
> {
  readonly do: 'release held'
}

export interface DiscardHeld extends Decision<HeldName, DiscardReason> {
  readonly do: 'discard held'
}

export type HeldRequest = OpenHeld | ReleaseHeld | DiscardHeld

export interface HeldResults {
  'open held': { readonly content: Uint8Array }
  'release held': Signed
  'discard held': Signed
}

interface HeldHands {
  readonly open: (sealed: Uint8Array) => Promise<Uint8Array>
  readonly sign: (statement: string) => Promise<Signed>
}

export class HeldDesk {
  readonly #hands: HeldHands
  /** Digests of the originals that were opened here. */
  readonly #opened = new Map<string, string>()

  constructor(hands: HeldHands) {
    this.#hands = hands
  }

  /** @throws NocturneError */
  do(request: HeldRequest): Promise<HeldResults[keyof HeldResults]> {
    switch (request.do) {
      case 'open held':
        return this.#open(request)
      case 'release held':
        return this.#hands.sign(this.#release(request))
      case 'discard held':
        return this.#hands.sign(this.#discard(request))
    }
  }

  async #open(request: OpenHeld): Promise<HeldResults['open held']> {
    const content = await this.#hands.open(request.sealed)
    this.#opened.set(nameOf(request), await sha256Of(content))
    return { content }
  }

  #release({ gateway, facility, items, reason }: ReleaseHeld): string {
    const stated = items.map(({ transfer, item, codes }) => {
      const sha256 = this.#opened.get(nameOf({ transfer, item }))
      if (sha256 === undefined) throw new NocturneError('release_invalid')
      return { transfer, item, codes: codes.filter(isWaivable), sha256 }
    })
    const signedAt = new Date().toISOString()
    return writeReleases({ gateway, facility, items: stated, reason, signedAt })
  }

  #discard({ gateway, facility, items, reason }: DiscardHeld): string {
    const named = items.map(({ transfer, item }) => ({ transfer, item }))
    const signedAt = new Date().toISOString()
    return writeDiscard({ gateway, facility, items: named, reason, signedAt })
  }
}

const nameOf = ({ transfer, item }: HeldName): string => `${transfer} ${item}`
