import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { receive } from '../../src/receive/index.js'
import type { Part, ReceiveLimits } from '../../src/receive/index.js'
import { NocturneError } from '../../src/lib/errors.js'

export const LIMITS: ReceiveLimits = {
  itemBytes: 64 * 1024 * 1024,
  archiveEntries: 1000,
  archiveRatio: 100,
  archiveDepth: 2,
}

/** The outcome of one item: its kind, and either its bytes or the code that ended them. */
export interface Outcome {
  readonly kind: string
  readonly code?: string
  readonly mediaType?: string
  readonly keep?: boolean
  readonly size?: number
  readonly sha256?: string
}

export const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Splits `bytes` into pieces of the given sizes, repeating the sizes as needed. */
export async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    yield bytes.subarray(at, at + size)
    at += size
    await Promise.resolve()
  }
}

export async function receiveAll(
  bytes: Buffer,
  options: {
    readonly contentType?: string
    readonly fileName?: string
    readonly pieces?: readonly number[]
    readonly limits?: Partial<ReceiveLimits>
  } = {},
): Promise<Outcome[]> {
  const part: Part = {
    contentType: options.contentType ?? 'application/octet-stream',
    fileName: options.fileName,
    bytes: inPieces(bytes, options.pieces ?? [65536]),
  }
  return outcomesOf(part, { ...LIMITS, ...options.limits })
}

export async function outcomesOf(part: Part, limits: ReceiveLimits): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for await (const item of receive(part, limits)) {
    const about = {
      kind: item.kind,
      ...(item.kind === 'document' && { mediaType: item.mediaType }),
      ...(item.kind === 'unacceptable' && { code: item.code, keep: item.keep }),
    }
    const hash = createHash('sha256')
    let size = 0
    try {
      for await (const chunk of item.bytes) {
        hash.update(chunk)
        size += chunk.length
      }
      outcomes.push({ ...about, size, sha256: hash.digest('hex') })
    } catch (error) {
      if (!(error instanceof NocturneError)) throw error
      outcomes.push({ ...about, code: error.code })
    }
  }
  return outcomes
}

/** One word per outcome: its code if it has one, otherwise its kind. */
export const words = (outcomes: readonly Outcome[]) =>
  outcomes.map((each) => each.code ?? each.kind)

const run = promisify(execFile)

/** Runs `python3 -c script` in a new folder that contains `files`, and reads `out.zip` from it. */
export async function zipWith(
  command: readonly [string, ...string[]],
  files: Readonly<Record<string, Buffer | string>> = {},
): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-zip-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      await run('mkdir', ['-p', dirname(join(dir, name))])
      await writeFile(join(dir, name), content)
    }
    const [program, ...rest] = command
    await run(program, rest, { cwd: dir, maxBuffer: 1 << 28 })
    return await readFile(join(dir, 'out.zip'))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

export const python = (script: string, files: Readonly<Record<string, Buffer | string>> = {}) =>
  zipWith(['python3', '-c', `import zipfile, io, os, sys\n${script}`], files)

/** A small Part 10 instance in explicit VR little endian with `size` bytes of pixel data. */
export function smallInstance(size = 64, seed = 1): Buffer {
  const element = (tag: string, vr: string, value: Buffer) => {
    const head = Buffer.alloc(vr === 'OW' ? 12 : 8)
    head.writeUInt16LE(parseInt(tag.slice(0, 4), 16), 0)
    head.writeUInt16LE(parseInt(tag.slice(4), 16), 2)
    head.write(vr, 4, 'latin1')
    if (vr === 'OW') head.writeUInt32LE(value.length, 8)
    else head.writeUInt16LE(value.length, 6)
    return Buffer.concat([head, value])
  }
  const text = (value: string) => Buffer.from(value.length % 2 ? `${value}\0` : value, 'latin1')
  const meta = Buffer.concat([
    element('00020002', 'UI', text('1.2.840.10008.5.1.4.1.1.2')),
    element('00020010', 'UI', text('1.2.840.10008.1.2.1')),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.length)
  const pixels = Buffer.alloc(size)
  let state = seed
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    pixels[at] = state >>> 16
  }
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element('00020000', 'UL', length),
    meta,
    element('00080016', 'UI', text('1.2.840.10008.5.1.4.1.1.2')),
    element('00100010', 'PN', text('Planted^Name')),
    element('7fe00010', 'OW', pixels),
  ])
}
