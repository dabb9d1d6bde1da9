/** Images compressed and decoded by independent programs: dcmtk, and OpenJPEG for JPEG 2000. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { afterAll, beforeAll } from '@jest/globals'
import loadOpenJPEG from '@cornerstonejs/codec-openjpeg/wasmjs'
import { dataset, fragments, part10, topLevel } from '../deidentify/_build.js'
import { compressedFile, ultrasound, type Picture, type Region } from '../deidentify/_image.js'

const COMMANDS = ['dcmcjpeg', 'dcmdjpeg', 'dcmcjpls', 'dcmdjpls', 'dcmcrle', 'dcmdrle']

function reasonToSkip(): string | undefined {
  try {
    for (const command of COMMANDS) execFileSync(command, ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'no dcmtk'
  }
}

export const noDcmtk = reasonToSkip()

/** The dcmtk programs that write and read a family of syntaxes. */
export const JPEG = ['dcmcjpeg', 'dcmdjpeg'] as const
export const RLE = ['dcmcrle', 'dcmdrle'] as const
export const JPEG_LS = ['dcmcjpls', 'dcmdjpls'] as const

/** A folder for the programs, created in each test file that calls this. */
export function folderFor(name: string): { readonly path: string } {
  const folder = { path: '' }
  beforeAll(() => {
    folder.path = mkdtempSync(join(tmpdir(), `nocturne-${name}-`))
  })
  afterAll(() => {
    rmSync(folder.path, { recursive: true, force: true })
  })
  return folder
}

/** An ultrasound image with these pixels, compressed by `command`. */
export async function encodedBy(
  [command, ...args]: readonly [string, ...string[]],
  picture: Picture,
  regions: readonly Region[],
  pixels: Buffer,
  folder: { readonly path: string },
): Promise<Buffer> {
  const vr = picture.bits === 16 ? 'OW' : 'OB'
  const [source, target] = [join(folder.path, 'in.dcm'), join(folder.path, 'out.dcm')]
  await writeFile(source, part10(dataset(ultrasound(picture, regions, [0x7fe00010, vr, pixels]))))
  execFileSync(command, [...args, source, target], { stdio: 'pipe' })
  return readFileSync(target)
}

/** Pixel Data decoded by `command`. */
export async function decodedBy(
  command: string,
  bytes: Buffer,
  folder: { readonly path: string },
  args: readonly string[] = [],
): Promise<Buffer> {
  const [source, target] = [join(folder.path, 'coded.dcm'), join(folder.path, 'raw.dcm')]
  await writeFile(source, bytes)
  execFileSync(command, [...args, source, target], { stdio: 'pipe' })
  const pixels = topLevel(readFileSync(target)).get(0x7fe00010)
  if (!pixels) throw new Error(`${command} left no pixels`)
  return pixels
}

let openjpeg: ReturnType<typeof loadOpenJPEG> | undefined
const openJpeg = () =>
  (openjpeg ??= loadOpenJPEG({
    wasmBinary: readFileSync(
      createRequire(import.meta.url).resolve('@cornerstonejs/codec-openjpeg/wasm'),
    ),
    print: () => undefined,
    printErr: () => undefined,
  }))

/** The frame of a JPEG 2000 file, decoded by OpenJPEG. */
export async function decodeJpeg2000(file: Buffer): Promise<Buffer> {
  const decoder = new (await openJpeg()).J2KDecoder()
  const frame = file.subarray(file.indexOf(Buffer.from('ff4fff51', 'hex')))
  decoder.getEncodedBuffer(frame.length).set(frame)
  decoder.decode()
  const pixels = Buffer.from(decoder.getDecodedBuffer())
  decoder.delete()
  return pixels
}

/** An ultrasound image with these pixels in JPEG 2000. */
export async function encodeJpeg2000(picture: Picture, pixels: Buffer): Promise<Buffer> {
  const { rows, columns, samples = 1, bits = 8, stored = bits } = picture
  const encoder = new (await openJpeg()).J2KEncoder()
  encoder
    .getDecodedBuffer({
      width: columns,
      height: rows,
      bitsPerSample: stored,
      componentCount: samples,
      isSigned: false,
    })
    .set(pixels)
  encoder.setQuality(true, 0)
  encoder.encode()
  const frame = Buffer.from(encoder.getEncodedBuffer())
  encoder.delete()
  const even = frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.alloc(1)])
  const value = [0x7fe00010, 'OB', fragments(even), 'open'] as const
  return compressedFile(picture, [], value, '1.2.840.10008.1.2.4.90')
}
