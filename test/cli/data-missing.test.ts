/** A site whose whole data folder is gone is told from a fresh one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createBeginning } from '../../src/site/beginning/index.js'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'

describe('a site whose data is gone', () => {
  let site: TestSite
  const path = (name: string) => join(site.dir, name)

  beforeAll(async () => {
    site = await makeSite()
    const gateway = await site.start()
    await gateway.stop()
  }, 60_000)
  afterAll(async () => {
    await site.remove()
  })

  it('does not begin another ledger until its data is back', async () => {
    expect(await readFile(path('secrets/begun'), 'utf8')).toContain('/audit\n')
    // As when a disk is not mounted: its folder is there, and empty.
    await rename(path('data'), path('elsewhere'))
    await mkdir(path('data'), { mode: 0o700 })
    const refused = await nocturne('audit', 'verify', '--site', site.dir)
    expect(refused).toMatchObject({
      ...{ status: 1, stderr: expect.stringContaining('a ledger of this site has begun') },
    })
    await expect(site.start()).rejects.toThrow('a ledger of this site has begun')
    await rm(path('data'), { recursive: true, force: true })
    await rename(path('elsewhere'), path('data'))
    const gateway = await site.start()
    await gateway.stop()
    expect((await nocturne('audit', 'verify', '--site', site.dir)).status).toBe(0)
  })

  it('begins another ledger when the operator deletes the mark', async () => {
    await rename(path('data'), path('elsewhere'))
    await mkdir(path('data'), { mode: 0o700 })
    await rm(path('secrets/begun'))
    const gateway = await site.start()
    await gateway.stop()
    await rm(path('data'), { recursive: true })
    await rename(path('elsewhere'), path('data'))
  })

  it('says when the mark cannot be left', async () => {
    const beginning = createBeginning(path('nowhere'))
    expect(await beginning.mark('a checkpoint')).toBe('ENOENT')
  })
})
