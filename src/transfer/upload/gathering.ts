/** What a transfer that grows instance by instance offers to those who add to it. */
import type { Pseudonym } from '../../deidentify/index.js'
import type { ReceivedItem } from '../../receive/index.js'
import type { InstanceReference } from '../arrival/deposits.js'
import type { UploadTarget } from '../begin.js'
import type { ItemAnswer } from './answers.js'
import type { Clear } from './settle.js'

/** What a door knows of a part besides its bytes. */
export interface AboutPart {
  /** Who sent it; otherwise whoever began the study. */
  readonly sender?: Pick<UploadTarget, 'actor' | 'facility'>
  /** The UIDs that the sender uses for the part's single instance. */
  readonly original?: InstanceReference | undefined
  /**
   * Given when the sender is answered once for several parts: the commit may then wait for other
   * parts of the same `sender`. Called when the items are durable.
   */
  readonly onStored?: (() => void) | undefined
}

export interface OpenGathering {
  readonly transfer: string
  /** Whether any of it is durable. */
  readonly hasKept: boolean
  readonly pseudonymOf: (handle: string) => Promise<Pseudonym>
  newObjectKey(): string
  /**
   * Passes the items of one part through `clear` to the store. Resolves when each is durable or has
   * an outcome. Calls may overlap.
   *
   * @throws NocturneError for faults that concern the whole request: a broken connection, or a
   *   failure of the store or the ledger. Nothing of the part is kept then.
   */
  add(
    items: AsyncIterable<ReceivedItem>,
    clear: Clear,
    about?: AboutPart,
  ): Promise<readonly ItemAnswer[]>
  /**
   * Ends the envelope: what was kept stays, with one crosswalk for all of it.
   * @throws store and ledger errors
   */
  end(): Promise<void>
  /**
   * Gives up after a failure that affects later steps: what was kept stays, and the sweep cleans up
   * the rest.
   */
  leave(): void
  /** Gives up when nothing was kept: only the event remains. Never throws. */
  abandon(cause: unknown): Promise<void>
}
