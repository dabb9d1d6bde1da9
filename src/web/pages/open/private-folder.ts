/**
 * Where opened files wait to be saved when the reader chose no folder: the origin's private file
 * system, which no other site sees. It outlives the page, so each page holds a lock on a folder of
 * its own, and removes those that nobody holds.
 */
const PREFIX = 'opened-'

export interface PrivateFolder {
  readonly handle: FileSystemDirectoryHandle
  /** Removes what is in it. */
  empty(): Promise<void>
}

/** Removes what pages that were closed have left behind. */
export async function removeLeftOvers(): Promise<void> {
  const root = await navigator.storage.getDirectory()
  const { held = [] } = await navigator.locks.query()
  const inUse = new Set(held.map(({ name }) => name))
  for await (const name of root.keys())
    if (name.startsWith(PREFIX) && !inUse.has(name))
      await root.removeEntry(name, { recursive: true })
}

export async function privateFolder(): Promise<PrivateFolder> {
  const name = `${PREFIX}${crypto.randomUUID()}`
  await new Promise<void>((resolve) => {
    // The lock is held as long as the page lives.
    void navigator.locks.request(name, () => {
      resolve()
      return new Promise<never>(() => undefined)
    })
  })
  const root = await navigator.storage.getDirectory()
  const handle = await root.getDirectoryHandle(name, { create: true })
  return {
    handle,
    async empty() {
      for await (const entry of handle.keys()) await handle.removeEntry(entry)
    },
  }
}
