/**
 * The folders of the files store: made durable once, synced together, removed when they are empty.
 */
import { mkdir, open, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../lib/errors.js'

/** Folders remembered as durable. To forget one costs an fsync, never an object. */
const MAX_KNOWN = 4096

/**
 * What must hold: a name is durable when its folder was synced after the name was made, and the
 * folder's own name in its parent likewise, up to the root. One process owns the tree; the sets
 * below are its memory.
 */
export class Folders {
  readonly #root: string
  readonly #known = new Set<string>()
  readonly #held = new Map<string, number>()
  readonly #removing = new Map<string, Promise<void>>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #waiting = new Map<string, Promise<void>>()

  /** `root` must exist and be durable. */
  constructor(root: string) {
    this.#root = root
  }

  /**
   * Keeps the folder and those above it from `removeEmpty` until the answered function is called.
   */
  hold(folder: string): () => void {
    const chain = this.#chain(folder)
    for (const one of chain) this.#held.set(one, (this.#held.get(one) ?? 0) + 1)
    return () => {
      for (const one of chain) {
        const left = (this.#held.get(one) ?? 1) - 1
        if (left > 0) this.#held.set(one, left)
        else this.#held.delete(one)
      }
    }
  }

  /** Makes the folder with those above it, durably. The caller holds it. */
  async make(folder: string): Promise<void> {
    for (const one of this.#chain(folder)) {
      if (this.#known.has(one)) continue
      await this.#removing.get(one)
      await mkdir(one, { mode: 0o700 }).catch((error: unknown) => {
        if (systemCode(error) !== 'EEXIST') throw error
      })
      // Also when it was there: who made it may not have synced it yet, or may have been killed
      // before.
      await this.sync(dirname(one))
      this.#remember(one)
    }
  }

  /**
   * Makes every name that the folder has now durable. Calls that come while an fsync runs share the
   * next one: the running one may have begun before their name was made.
   */
  sync(folder: string): Promise<void> {
    const waiting = this.#waiting.get(folder)
    if (waiting) return waiting
    const running = this.#running.get(folder)
    if (!running) return this.#start(folder)
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#waiting.delete(folder)
        return this.#start(folder)
      })
    this.#waiting.set(folder, next)
    return next
  }

  /** Removes the folder and those above it as far as they are empty and nobody holds them. */
  async removeEmpty(folder: string): Promise<void> {
    for (const one of this.#chain(folder).reverse()) {
      if (this.#held.has(one) || this.#removing.has(one)) return
      // Forgotten before it goes, so that who holds it from now on waits in `make` and makes it
      // anew.
      this.#known.delete(one)
      const removal = rmdir(one)
      const settled = removal.then(
        () => undefined,
        () => undefined,
      )
      this.#removing.set(one, settled)
      await settled
      this.#removing.delete(one)
      const removed = await removal.then(
        () => true,
        () => false,
      )
      if (!removed) return
    }
  }

  #start(folder: string): Promise<void> {
    const run = syncFolder(folder).finally(() => {
      if (this.#running.get(folder) === run) this.#running.delete(folder)
    })
    this.#running.set(folder, run)
    return run
  }

  /** From the first folder below the root down to `folder`. */
  #chain(folder: string): string[] {
    const chain: string[] = []
    for (let one = folder; one !== this.#root; one = dirname(one)) chain.unshift(one)
    return chain
  }

  #remember(folder: string): void {
    this.#known.add(folder)
    const [oldest] = this.#known
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest)
  }
}

/** fsync of a folder: the names in it survive a loss of power from then on. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
