/**
 * Sealing in threads, which run JavaScript: the room alone is compiled for it, so that no build is
 * needed.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { build } from 'esbuild'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const room = fileURLToPath(new URL('../../src/seal', import.meta.url))
const FACES = ['index', 'keys/index', 'open/index', 'workers']

let compiled: string
let faces: readonly string[]
beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), 'nocturne-seal-'))
  await build({
    entryPoints: [...FACES, 'worker'].map((name) => join(room, `${name}.ts`)),
    ...{ outbase: room, outdir: compiled },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20' },
    logLevel: 'warning',
  })
  await writeFile(join(compiled, 'package.json'), '{"type":"module"}')
  faces = FACES.map((face) => pathToFileURL(join(compiled, `${face}.js`)).href)
})
afterAll(() => rm(compiled, { recursive: true, force: true }))

const isWorth = availableParallelism() > 1
const threaded = isWorth ? it : it.skip
const title = (text: string): string => (isWorth ? text : `${text} (skipped: one core)`)

/**
 * Runs `body` in a separate process with the room and some helpers in scope; returns its result
 * through JSON.
 */
async function inProcess(body: string, threads = 2): Promise<unknown> {
  const script = `
    import { createHash } from 'node:crypto'
    const room = Object.assign({}, ...(await Promise.all(${JSON.stringify(faces)}.map((face) => import(face)))))
    room.setSealingThreads(${threads})
    const { privateKey, certificate } = await room.newKey({ name: 'reader' })
    const key = await room.readPrivateKey(privateKey)
    const recipient = await room.toRecipient('reader', certificate, new Date())
    const collect = async (pieces) => {
      const all = []
      for await (const piece of pieces) all.push(piece)
      return Buffer.concat(all)
    }
    const content = (size, seed) =>
      Buffer.from(Uint32Array.from({ length: size / 4 }, (_, at) => Math.imul(at + seed, 2654435761)).buffer)
    async function* pieces(bytes, size) {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
    const open = (bytes) =>
      collect(room.openMessage(pieces(bytes, 99_991), [key], { ciphers: room.nodeCiphers }))
    ${body}
    console.log(JSON.stringify(result))`
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
  return JSON.parse(stdout)
}

describe('sealing in threads', () => {
  ;(isWorth ? it.each([1, 2]) : it.skip.each([1, 2]))(
    title('seals many concurrent streams, each with its own digests, in both versions, in %i'),
    async (threads) => {
      const result = await inProcess(
        `
      const result = []
      for (const takesSeipd2 of [true, false]) {
        const envelope = await room.newEnvelope([{ ...recipient, takesSeipd2 }], new Date())
        const sizes = [0, 4, 262_140, 262_144, 262_148, 1_048_572, 1_048_576, 3_000_000]
        result.push(...(await Promise.all(sizes.map(async (size, at) => {
          const plain = content(size, at)
          const sealed = envelope.seal(pieces(plain, 70_000))
          const data = await collect(sealed.bytes)
          const { plaintext, ciphertext } = sealed.digests()
          const opened = await open(Buffer.concat([envelope.keyPackets[0].packet, data]))
          return opened.equals(plain) && plaintext.sha256 === sha256(plain) &&
            plaintext.size === size && ciphertext.sha256 === sha256(data) && ciphertext.size === data.length
        }))))
        envelope.close()
      }`,
        threads,
      )
      expect(result).toEqual(Array.from({ length: 16 }, () => true))
    },
  )

  threaded(title('passes on what the content throws, and goes on with other streams'), async () => {
    const result = await inProcess(`
      const envelope = await room.newEnvelope([recipient], new Date())
      async function* broken() {
        yield content(1_000_000, 1)
        throw new Error('the content broke')
      }
      const failed = await collect(envelope.seal(broken()).bytes).catch((error) => error.message)
      for await (const piece of envelope.seal(pieces(content(3_000_000, 2), 65_536)).bytes) break
      const plain = content(2_000_000, 3)
      const data = await collect(envelope.seal(pieces(plain, 65_536)).bytes)
      const opened = await open(Buffer.concat([envelope.keyPackets[0].packet, data]))
      const result = [failed, opened.equals(plain)]`)
    expect(result).toEqual(['the content broke', true])
  })

  threaded(
    title('lets the process end when the last stream has, and the key go when it is closed'),
    async () => {
      const result = await inProcess(`
      const envelope = await room.newEnvelope([recipient], new Date())
      const sealed = envelope.seal(pieces(content(2_000_000, 1), 65_536))
      envelope.close()
      const data = await collect(sealed.bytes)
      const opened = await open(Buffer.concat([envelope.keyPackets[0].packet, data]))
      const result = opened.length`)
      expect(result).toBe(2_000_000)
    },
  )

  threaded(
    title('writes a stream to a file itself, which has its name before it is durable'),
    async () => {
      const result = await inProcess(
        `${FILES}
      const result = []
      for (const size of [0, 4, 262_144, 1_048_572, 5_000_000]) {
        const plain = content(size, size)
        const sealed = envelope.seal(pieces(plain, 70_000))
        const partial = join(dir, 'partial')
        const file = await sealed.toFile(partial)
        await file.place(join(dir, 'object' + size))
        const names = await readdir(dir)
        await file.sync()
        file.close()
        const data = await readFile(join(dir, 'object' + size))
        const { plaintext, ciphertext } = sealed.digests()
        const opened = await open(Buffer.concat([envelope.keyPackets[0].packet, data]))
        result.push(
          opened.equals(plain) && plaintext.sha256 === sha256(plain) && ciphertext.sha256 === sha256(data) &&
          file.size === data.length && names.includes('partial') && !(await readdir(dir)).includes('partial'))
      }
      await rm(dir, { recursive: true })`,
        1,
      )
      expect(result).toEqual(Array.from({ length: 5 }, () => true))
    },
  )

  threaded(
    title('writes, names and syncs content of one frame, and its folder, in one message'),
    async () => {
      const result = await inProcess(
        `${FILES}
      const result = []
      const partial = join(dir, 'partial')
      const write = async (size, path, name = partial) => {
        const plain = content(size, size)
        const sealed = envelope.seal(pieces(plain, 70_000))
        const file = await sealed.toFile(name, path)
        return { plain, sealed, file }
      }
      const isWhole = async ({ plain, sealed, file }, path) => {
        const data = await readFile(path)
        const { plaintext, ciphertext } = sealed.digests()
        const opened = await open(Buffer.concat([envelope.keyPackets[0].packet, data]))
        return opened.equals(plain) && plaintext.sha256 === sha256(plain) && ciphertext.size === data.length &&
          ciphertext.sha256 === sha256(data) && file.size === data.length && !(await readdir(dir)).includes('partial')
      }
      for (const size of [0, 4, 524_288, 1_048_568, 1_048_572, 3_000_000]) {
        const path = join(dir, 'object' + size)
        const made = await write(size, path)
        if (!made.file.isDurable) {
          await made.file.place(path)
          await made.file.sync()
        }
        made.file.close()
        result.push(made.file.isDurable ?? false, await isWhole(made, path))
      }
      // The name is taken, or its folder is gone: the file can still be given another.
      await writeFile(join(dir, 'taken'), 'x')
      for (const name of ['taken', 'none/a']) {
        const made = await write(1_000, join(dir, name))
        const code = await made.file.place(join(dir, name)).catch((error) => error.code)
        await made.file.place(join(dir, 'other-' + code))
        await made.file.sync()
        made.file.close()
        result.push(made.file.isDurable, code, await isWhole(made, join(dir, 'other-' + code)))
      }
      // The partial file cannot be made; and a file that is never synced can be closed.
      await writeFile(partial, 'x')
      result.push(await write(1_000, join(dir, 'b')).catch((error) => error.name + ' ' + error.code))
      await rm(partial)
      const left = await write(1_000, join(dir, 'taken'))
      left.file.close()
      result.push(await readFile(join(dir, 'taken'), 'utf8'))
      // Several in one folder share its syncs.
      const names = ['p1', 'p2', 'p3', 'p4']
      const many = await Promise.all(names.map((name) => write(1_000, join(dir, 'many-' + name), join(dir, name))))
      for (const [i, made] of many.entries()) {
        made.file.close()
        result.push(made.file.isDurable && (await isWhole(made, join(dir, 'many-' + names[i]))))
      }
      await rm(dir, { recursive: true })`,
        1,
      )
      expect(result).toEqual([
        ...Array.from({ length: 8 }, () => true),
        ...[false, true, false, true],
        ...[false, 'EEXIST', true, false, 'ENOENT', true],
        ...['DiskError EEXIST', 'x', true, true, true, true],
      ])
    },
  )

  threaded(title('says why a file cannot be written, and goes on with other streams'), async () => {
    const result = await inProcess(`${FILES}
      const codeOf = (promise) => promise.then(() => 'none', (error) => error.name + ' ' + error.code)
      const write = (path, size = 3_000_000) => envelope.seal(pieces(content(size, 1), 65_536)).toFile(path)
      await writeFile(join(dir, 'taken'), 'x')
      const result = [await codeOf(write(join(dir, 'taken'))), await codeOf(write(join(dir, 'no/folder')))]
      const file = await write(join(dir, 'partial'))
      result.push(await codeOf(file.place(join(dir, 'taken'))), await codeOf(file.place(join(dir, 'none/a'))))
      await file.place(join(dir, 'a'))
      result.push(await codeOf(file.sync()), (await stat(join(dir, 'a'))).size === file.size)
      file.close()
      async function* broken() {
        yield content(3_000_000, 1)
        throw new Error('the content broke')
      }
      result.push(await envelope.seal(broken()).toFile(join(dir, 'cut')).catch((error) => error.message))
      const full = await codeOf(write('/dev/full/x'))
      const other = await write(join(dir, 'other'), 1_000)
      await other.place(join(dir, 'b'))
      await other.sync()
      other.close()
      while ((await readdir(dir)).includes('cut')) await setTimeout(10)
      result.push(full, await readFile(join(dir, 'taken'), 'utf8'), (await readdir(dir)).sort())
      await rm(dir, { recursive: true })`)
    expect(result).toEqual([
      'DiskError EEXIST',
      'DiskError ENOENT',
      'DiskError EEXIST',
      'DiskError ENOENT',
      'none',
      true,
      'the content broke',
      'DiskError ENOTDIR',
      'x',
      ['a', 'b', 'taken'],
    ])
  })
})

/** For `inProcess`: a folder, and an envelope. */
const FILES = `
  const { mkdtemp, readdir, readFile, rm, stat, writeFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const { setTimeout } = await import('node:timers/promises')
  const dir = await mkdtemp(join((await import('node:os')).tmpdir(), 'nocturne-sealed-'))
  const envelope = await room.newEnvelope([recipient], new Date())`
