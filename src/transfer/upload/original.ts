/**
 * Keeps the original bytes until the gateway knows whether the item may go to readers. If it may
 * not, the original goes to quarantine, sealed only to the facility; plaintext is never written to
 * disk.
 */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { asNocturneError } from '../../lib/errors.js'
import type { NocturneError } from '../../lib/errors.js'
import type { StoredItem } from '../../store/index.js'
import { Spool } from './spool.js'
import type { KeepSealed } from './spool.js'

/** An original in quarantine, and the digest of its plaintext. */
export interface KeptOriginal {
  readonly stored: StoredItem
  /** SHA-256 of the plaintext, hexadecimal, which a release must name. */
  readonly sha256: string
}

/**
 * Limits the plaintext that all uploads of the process together hold in memory while awaiting a
 * verdict.
 */
export class MemoryBudget {
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  give(bytes: number): void {
    this.#left += bytes
  }
}

export class Original {
  readonly #source: AsyncIterator<Buffer>
  readonly #budget: MemoryBudget
  readonly #keepSealed: KeepSealed
  /** Digest of the whole source, if requested. */
  readonly #hash: Hash | undefined
  #held: Buffer[] = []
  #heldBytes = 0
  #spill: Spill | undefined
  #ended = false
  #markConsumed: () => void = () => undefined
  /**
   * Resolves when the source has been read to its end or has failed, so that the next item may
   * start.
   */
  readonly consumed = new Promise<void>((resolve) => (this.#markConsumed = resolve))
  #failure: NocturneError | undefined

  constructor(
    source: AsyncIterable<Buffer>,
    budget: MemoryBudget,
    keepSealed: KeepSealed,
    options: { readonly isHashed?: boolean } = {},
  ) {
    this.#hash = options.isHashed === true ? createHash('sha256') : undefined
    this.#source = source[Symbol.asyncIterator]()
    this.#budget = budget
    this.#keepSealed = keepSealed
  }

  /** A failure of the source itself, as opposed to one of its reader. */
  get failure(): NocturneError | undefined {
    return this.#failure
  }

  /**
   * SHA-256 of the source, hexadecimal, once it was read to its end and if it was requested. Call
   * once.
   */
  sha256(): string | undefined {
    return this.#ended ? this.#hash?.digest('hex') : undefined
  }

  /**
   * Yields the bytes as they arrive and holds them until the verdict. The reader may stop early:
   * `keep` and `drop` read the rest.
   */
  async *bytes(): AsyncGenerator<Buffer> {
    for (let chunk = await this.#next(); chunk; chunk = await this.#next()) {
      await this.#hold(chunk)
      yield chunk
    }
  }

  /** Reads the rest and stores the whole original, sealed to the facility. */
  async keep(): Promise<KeptOriginal> {
    try {
      for (let chunk = await this.#next(); chunk; chunk = await this.#next())
        await this.#hold(chunk)
      return this.#spill ? await this.#spill.end() : await keepHeld(this.#held, this.#keepSealed)
    } catch (error) {
      // Otherwise the store would wait forever for the rest of a copy whose source has failed.
      await this.#spill?.drop()
      throw error
    } finally {
      this.#forget()
    }
  }

  /**
   * Reads and discards the rest, because the item is safe or cannot be kept. Returns the sealed
   * copy to delete, if one was started.
   */
  async drop(): Promise<StoredItem | undefined> {
    this.#forget()
    while ((await this.#next().catch(() => undefined)) !== undefined);
    return this.#spill?.end().then(
      ({ stored }) => stored,
      () => undefined,
    )
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#failure) throw this.#failure
    if (this.#ended) return undefined
    try {
      const next = await this.#source.next()
      if (next.done !== true) {
        this.#hash?.update(next.value)
        return next.value
      }
      this.#ended = true
      this.#markConsumed()
      return undefined
    } catch (error) {
      this.#failure = asNocturneError(error)
      this.#markConsumed()
      throw this.#failure
    }
  }

  async #hold(chunk: Buffer): Promise<void> {
    if (!this.#spill && this.#budget.take(chunk.length)) {
      this.#held.push(chunk)
      this.#heldBytes += chunk.length
      return
    }
    this.#spill ??= await this.#startSpill()
    await this.#spill.push(chunk)
  }

  async #startSpill(): Promise<Spill> {
    const spill = new Spill(this.#keepSealed)
    for (const chunk of this.#held) await spill.push(chunk)
    this.#forget()
    return spill
  }

  #forget(): void {
    this.#budget.give(this.#heldBytes)
    this.#held = []
    this.#heldBytes = 0
  }
}

async function keepHeld(held: readonly Buffer[], keepSealed: KeepSealed): Promise<KeptOriginal> {
  const hash = createHash('sha256')
  for (const chunk of held) hash.update(chunk)
  return { stored: await keepSealed(Readable.from(held)), sha256: hash.digest('hex') }
}

/** An original too large for the memory budget. */
class Spill {
  readonly #spool: Spool
  readonly #hash = createHash('sha256')

  constructor(keepSealed: KeepSealed) {
    this.#spool = new Spool(keepSealed, SPILL_WAITING)
  }

  async push(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk)
    await this.#spool.push(chunk)
  }

  async end(): Promise<KeptOriginal> {
    return { stored: await this.#spool.end(), sha256: this.#hash.digest('hex') }
  }

  /** Discards it. Never throws. */
  drop(): Promise<void> {
    return this.#spool.drop()
  }
}

const SPILL_WAITING = 1 << 20
