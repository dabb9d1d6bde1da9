/** The folders of the files store: made durable once, synced in batches, and removed when empty. */
import { mkdir, open, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createSharedRuns } from '../lib/disk/shared-runs.js'
import { systemCode } from '../lib/errors.js'

/** Folders remembered as durable. Forgetting one costs an extra fsync and is otherwise harmless. */
const MAX_KNOWN = 4096

/**
 * Invariant: a name counts as durable only when its folder was synced after the name was created,
 * and likewise for the folder's own name in its parent, up to the root. A single process owns the
 * tree, so the sets below are complete.
 */
export class Folders {
  readonly #root: string
  readonly #known = new Set<string>()
  readonly #held = new Map<string, number>()
  readonly #removing = new Map<string, Promise<void>>()
  readonly #sync = createSharedRuns(syncFolder)

  /** `root` must exist and be durable. */
  constructor(root: string) {
    this.#root = root
  }

  /**
   * Protects the folder and its parents from `removeEmpty` until the returned function is called.
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

  /** Creates the folder and its parents, durably. The caller must hold it. */
  async make(folder: string): Promise<void> {
    for (const one of this.#chain(folder)) {
      if (this.#known.has(one)) continue
      await this.#removing.get(one)
      await mkdir(one, { mode: 0o700 }).catch((error: unknown) => {
        if (systemCode(error) !== 'EEXIST') throw error
      })
      // Sync even if the folder existed: its creator may not have synced it yet, or may have been
      // killed before doing so.
      await this.sync(dirname(one))
      this.#remember(one)
    }
  }

  /** Whether it exists durably, as far as this process knows. The caller must hold it. */
  isKnown(folder: string): boolean {
    return this.#known.has(folder)
  }

  /** It and its parents may have been removed by another process. */
  forget(folder: string): void {
    for (const one of this.#chain(folder)) this.#known.delete(one)
  }

  /** Makes all names currently in the folder durable. Calls share the next fsync. */
  sync(folder: string): Promise<void> {
    return this.#sync(folder)
  }

  /** Removes the folder and its parents as long as they are empty and not held. */
  async removeEmpty(folder: string): Promise<void> {
    for (const one of this.#chain(folder).reverse()) {
      if (this.#held.has(one) || this.#removing.has(one)) return
      // Forgotten before removal, so that a later holder waits in `make` and creates the folder
      // again.
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

  /** The folders from just below the root down to `folder`. */
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

/** fsyncs a folder: the names in it then survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
