/** A small file system in memory that can be filled up; requires root on Linux. */
import { execFile } from 'node:child_process'
import { mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface SmallDisk {
  readonly path: string
  /** Uses up all remaining space, to the last block. */
  fill(): Promise<void>
  /** Frees it again. */
  free(): Promise<void>
  unmount(): Promise<void>
}

/** Why this is unavailable, for the titles of skipped tests; undefined if it is available. */
export async function smallDiskMissing(scratch: string): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'needs root on Linux to mount a tmpfs'
  try {
    await (await mountSmallDisk(scratch, 1)).unmount()
    return undefined
  } catch {
    return 'this machine does not let us mount a tmpfs'
  }
}

export async function mountSmallDisk(path: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true })
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', path])
  const balloon = join(path, 'balloon')
  return {
    path,
    fill: async () => {
      const file = await open(balloon, 'w')
      try {
        for (;;) await file.write(Buffer.alloc(65_536))
      } catch {
        const { bavail } = await statfs(path)
        if (bavail !== 0) throw new Error('the disk is not full')
      } finally {
        await file.close()
      }
    },
    free: () => rm(balloon, { force: true }),
    unmount: async () => {
      await run('umount', ['-l', path])
    },
  }
}
