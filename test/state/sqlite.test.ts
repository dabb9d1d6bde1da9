import { describe, expect, it } from '@jest/globals'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openState } from '../../src/state/index.js'
import { describeContract } from './_contract.js'
import { describeSharing } from './_sharing.js'

async function makeFolder() {
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-state-'))
  return { dir, stop: () => rm(dir, { recursive: true, force: true }) }
}

describeContract('SQLite', async () => {
  const { dir, stop } = await makeFolder()
  return { url: `sqlite:${join(dir, 'nocturne.db')}`, stop }
})

describeSharing('SQLite', async () => {
  const { dir, stop } = await makeFolder()
  return { url: `sqlite:${join(dir, 'nocturne.db')}`, stop }
})

describe('an SQLite file', () => {
  it('is readable only by its owner, as are its companion files', async () => {
    const { dir, stop } = await makeFolder()
    const path = join(dir, 'nocturne.db')
    await writeFile(path, '', { mode: 0o644 })
    const state = await openState(`sqlite:${path}`)
    for (const name of [path, `${path}-wal`, `${path}-shm`]) {
      expect({ name, mode: (await stat(name)).mode & 0o777 }).toEqual({ name, mode: 0o600 })
    }
    await state.close()
    await stop()
  })

  it('is migrated once when eight processes open it at the same time', async () => {
    const { dir, stop } = await makeFolder()
    const url = `sqlite:${join(dir, 'nocturne.db')}`
    const states = await Promise.all(Array.from({ length: 8 }, () => openState(url)))
    for (const state of states) await state.close()
    await stop()
  })

  it('is written by two gateways of one process, and neither blocks it', async () => {
    const { dir, stop } = await makeFolder()
    const url = `sqlite:${join(dir, 'nocturne.db')}`
    const [one, other] = [await openState(url), await openState(url)]
    /** Other work that could be done while a writer waited for the lock. */
    let turns = 0
    const ticks = setInterval(() => (turns += 1), 5)
    const write = (state: typeof one, name: string) =>
      state.transaction(async (tx) => {
        await tx.insertInto('reports').values({ digest: name, created_at: 1 }).execute()
        await sleep(30)
      })
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => write(i % 2 === 0 ? one : other, String(i))),
    )
    clearInterval(ticks)
    const rows = await one.db.selectFrom('reports').select('digest').execute()
    expect(rows).toHaveLength(20)
    expect(turns).toBeGreaterThan(40)
    await one.close()
    await other.close()
    await stop()
  })

  it('that is not a database, or whose folder does not exist, is unusable', async () => {
    const { dir, stop } = await makeFolder()
    const path = join(dir, 'text.db')
    await writeFile(path, 'this is not a database, and long enough to be taken for one. '.repeat(9))
    const unusable = { code: 'database_unusable' }
    await expect(openState(`sqlite:${path}`)).rejects.toMatchObject(unusable)
    await expect(openState(`sqlite:${join(dir, 'none', 'x.db')}`)).rejects.toMatchObject(unusable)
    await stop()
  })

  it('needs an absolute path, and only SQLite and PostgreSQL URLs are accepted', async () => {
    for (const url of ['sqlite:nocturne.db', 'sqlite:', 'mysql://localhost/x', ''])
      await expect(openState(url)).rejects.toMatchObject({ code: 'site_invalid' })
  })
})
