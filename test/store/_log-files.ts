/** The contract of both kinds of LogFiles. */
import { expect, it } from '@jest/globals'
import { randomName } from '../../src/lib/ids.js'
import type { LogFiles } from '../../src/store/index.js'
import { collect } from './_sealed.js'

export function testLogFiles(open: () => Promise<LogFiles>): void {
  const tile = (name: string) => `tile/0/x${name.slice(0, 3)}/000`

  it('keeps what was put once, and reports an attempt to put different bytes', async () => {
    const files = await open()
    const path = tile(randomName())
    await expect(files.putOnce(path, Buffer.from('one'))).resolves.toBe(true)
    await expect(files.putOnce(path, Buffer.from('one'))).resolves.toBe(true)
    await expect(files.putOnce(path, Buffer.from('two'))).resolves.toBe(false)
    await expect(files.read(path)).resolves.toEqual(Buffer.from('one'))
    await files.close()
  })

  it('lets one of many concurrent puts win', async () => {
    const files = await open()
    const path = tile(randomName())
    const won = await Promise.all(
      Array.from({ length: 8 }, (_, i) => files.putOnce(path, Buffer.from(String(i)))),
    )
    const read = await files.read(path)
    expect(won[Number(read?.toString())]).toBe(true)
  })

  it('replaces a file, and reads nothing where there is none', async () => {
    const files = await open()
    const path = `checkpoint${randomName()}`
    await expect(files.read(path)).resolves.toBeUndefined()
    await files.replace(path, Buffer.from('one'))
    await files.replace(path, Buffer.from('two'))
    await expect(files.read(path)).resolves.toEqual(Buffer.from('two'))
  })

  it('lists the names in a folder after a given one, and removes a folder', async () => {
    const files = await open()
    const folder = `checkpoints/${randomName()}`
    await expect(collect(files.names(folder))).resolves.toEqual([])
    for (const name of ['003', '001', '002'])
      await files.putOnce(`${folder}/${name}`, Buffer.from(name))
    await expect(collect(files.names(folder))).resolves.toEqual(['001', '002', '003'])
    await expect(collect(files.names(folder, '001'))).resolves.toEqual(['002', '003'])
    await files.removeFolder(folder)
    await files.removeFolder(folder)
    await expect(collect(files.names(folder))).resolves.toEqual([])
  })

  it('removes one file, also if it does not exist', async () => {
    const files = await open()
    const path = tile(randomName())
    await files.putOnce(path, Buffer.from('x'))
    await expect(files.lockedUntil(path)).resolves.toBeUndefined()
    await expect(files.remove(path)).resolves.toBe(true)
    await expect(files.read(path)).resolves.toBeUndefined()
    await expect(files.remove(path)).resolves.toBe(true)
    const altered = await collect(files.altered())
    expect(altered.filter((one) => one.path === path)).toEqual([])
  })

  it('accepts partial tiles next to full ones', async () => {
    const files = await open()
    const path = tile(randomName())
    await files.putOnce(`${path}.p/17`, Buffer.from('partial'))
    await files.putOnce(path, Buffer.from('full'))
    await expect(collect(files.names(`${path}.p`))).resolves.toEqual(['17'])
    await files.removeFolder(`${path}.p`)
    await expect(files.read(path)).resolves.toEqual(Buffer.from('full'))
  })

  it.each(['../x', '/x', 'a//b', 'a/.p/1', 'a/..', 'A', ''])(
    'refuses the path %p',
    async (path) => {
      const files = await open()
      await expect(files.read(path)).rejects.toThrow(TypeError)
      await expect(files.putOnce(path, Buffer.alloc(1))).rejects.toThrow(TypeError)
    },
  )
}
