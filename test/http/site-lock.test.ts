import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lockSite } from '../../src/running/site-lock.js'

describe('the lock of a site', () => {
  let dir: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nocturne-lock-'))
    await mkdir(join(dir, 'data'))
  })

  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('is held by one process, and free again after release', async () => {
    const unlock = await lockSite(dir)
    await expect(lockSite(dir)).rejects.toMatchObject({ code: 'site_in_use' })
    await unlock()
    await (
      await lockSite(dir)
    )()
  })

  it('ends with the process that holds it, even if that is killed', async () => {
    const file = join(dir, 'data/gateway.lock')
    const holder = spawn(
      process.execPath,
      [
        '-e',
        `const Database = require('better-sqlite3'); const lock = new Database(process.argv[1]);
         lock.exec('begin exclusive'); console.log('held'); setInterval(() => undefined, 1000)`,
        file,
      ],
      {
        cwd: fileURLToPath(new URL('../../', import.meta.url)),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(holder.stdout, 'data')
    await expect(lockSite(dir)).rejects.toMatchObject({ code: 'site_in_use' })
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const unlock = await lockSite(dir)
    expect((await stat(file)).size).toBe(0)
    await unlock()
  })

  it('fails with a code if the folder cannot hold it', async () => {
    await writeFile(join(dir, 'no-folder'), '')
    await expect(lockSite(join(dir, 'no-folder'))).rejects.toMatchObject({
      code: 'file_unreadable',
    })
  })
})
