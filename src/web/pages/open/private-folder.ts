/**
 * Where opened files wait to be saved if the reader chose no folder: the origin's private file
 * system, which no other site can see. It outlives the page, so each page holds a lock on its own
 * folder and removes folders that are not locked.
 */
const PREFIX = 'opened-'

export interface PrivateFolder {
  readonly handle: FileSystemDirectoryHandle
  /** Removes its content. */
  empty(): Promise<void>
}

/** Removes what closed pages have left behind. */
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
