/**
 * De-identifies CT slices of 512 KB, compared with dcmjs (which only reads and writes them), mixed
 * real files, compared with Kitware's dicom-anonymizer, and multi-frame files of 2 GB, native and
 * encapsulated. Needs `npm run build`.
 *
 *   npm run bench -- deidentify [--json]
 *     NOCTURNE_BENCH_FILES    a folder of DICOM files; by default `../shared/dicom`. If there is
 *                             none, that row is left out.
 *     NOCTURNE_BENCH_KITWARE  a checkout of KitwareMedical/dicom-anonymizer; python3 needs pydicom
 *                             and tqdm
 *
 * Each sample is a separate, single-threaded process. Rounds alternate between the programs and
 * medians are compared, so that a busy machine affects all alike. Rates are by processor time, in
 * files or bytes per second, from memory to memory, in a warm process. In every pass over the files
 * our program gets another patient, study and series, so its caches help within a pass, as in
 * practice, but not beyond.
 */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { median } from './_measure.mjs'

const ROUNDS = 3
const SLICES = 24
/**
 * Our program is fast and needs many passes: a sample must be long compared with the time a process
 * takes to warm up.
 */
const PASSES = 120
const DCMJS_PASSES = 30
const MIXED = 15
const MIXED_PASSES = 150
const KITWARE_PASSES = 20
/**
 * Warm-up before the clock starts, for each JavaScript program: V8 compiles for this long, and a
 * gateway runs for weeks.
 */
const WARM_SECONDS = 5
const GIGABYTES = 2
const PIECE = Buffer.alloc(64 * 1024, 0x5a)
const HERE = fileURLToPath(import.meta.url)
const run_ = promisify(execFile)

const round = (value, digits = 1) => Number(value.toFixed(digits))
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .sort()

const dist = (room) => import(new URL(`../../dist/${room}/index.js`, import.meta.url).href)

async function* inPieces(bytes) {
  for (let at = 0; at < bytes.length; at += PIECE.length)
    yield bytes.subarray(at, at + PIECE.length)
}

async function deidentifier() {
  const [{ deidentify }, { BUILT_IN_PROFILES }, { receive }] = await Promise.all(
    ['deidentify', 'deidentify/rules', 'receive'].map(dist),
  )
  const context = {
    // The other programs do not inspect pixels, so only headers are compared.
    profile: { ...BUILT_IN_PROFILES.pseudonymize, pixels: 'pass' },
    secret: Buffer.alloc(32, 7),
    transfer: 'bench',
    headerBytes: 32 * 2 ** 20,
    pseudonymOf: () => Promise.resolve({ code: 'BENCH', shiftSeconds: -40 * 86_400 }),
  }
  const limits = { itemBytes: 8 * 2 ** 30, archiveEntries: 1, archiveRatio: 200, archiveDepth: 1 }
  return async (bytes) => {
    const part = { contentType: 'application/dicom', fileName: undefined, bytes }
    let size = 0
    for await (const item of receive(part, limits)) {
      if (item.kind !== 'instance') throw new Error('not taken for an instance')
      for await (const chunk of (await deidentify(item, context)).bytes) size += chunk.length
    }
    return size
  }
}

/** Each returns the number of files, or bytes, it processed; preparation is not timed. */
const SAMPLES = {
  async nocturne(folder, passes) {
    const files = filesOf(folder).map((path) => readFileSync(path))
    const { default: dcmjs } = await import('dcmjs')
    dcmjs.log.setLevel('silent')
    const renames = files.map((file) => renamer(file, dcmjs))
    const work = await deidentifier()
    const pass = async (number) => {
      for (const rename of renames) rename(number)
      const before = process.cpuUsage()
      for (const file of files) await work(inPieces(file))
      return secondsSince(before)
    }
    const before = await warm(pass)
    return async () => {
      let seconds = 0
      for (let i = 0; i < passes; i++) seconds += await pass(before + i)
      return { done: passes * files.length, seconds }
    }
  },
  async dcmjs(folder, passes) {
    const { default: dcmjs } = await import('dcmjs')
    dcmjs.log.setLevel('silent')
    const files = filesOf(folder).map((path) => arrayBufferOf(readFileSync(path)))
    const pass = () => {
      const before = process.cpuUsage()
      for (const file of files) dcmjs.data.DicomMessage.readFile(file).write()
      return secondsSince(before)
    }
    await warm(pass)
    return () => {
      let seconds = 0
      for (let i = 0; i < passes; i++) seconds += pass()
      return { done: passes * files.length, seconds }
    }
  },
  async stream(syntax) {
    const work = await deidentifier()
    const header = await headerOf(syntax)
    return async () => {
      const before = process.cpuUsage()
      const done = await work(syntax === NATIVE ? native(header) : encapsulated(header))
      return { done, seconds: secondsSince(before) }
    }
  },
}

/** Returns the number of passes it took. `pass` receives its number and returns its seconds. */
async function warm(pass) {
  let passes = 0
  for (let seconds = 0; seconds < WARM_SECONDS; passes++) seconds += await pass(passes)
  return passes
}

const arrayBufferOf = ({ buffer, byteOffset, byteLength }) =>
  buffer.slice(byteOffset, byteOffset + byteLength)

function secondsSince(before) {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Name, number, accession, and the UIDs of instance, study, series and frame of reference. */
const NAMING = '00100010 00100020 00080050 00080018 0020000D 0020000E 00200052'.split(' ')
const HEADER = 256 * 1024

/**
 * Gives a file another patient, study and instance, in place: the last letters and digits of those
 * values are changed.
 */
function renamer(file, dcmjs) {
  const header = file.subarray(0, HEADER)
  const { dict } = dcmjs.data.DicomMessage.readFile(arrayBufferOf(file))
  const values = NAMING.map((tag) => String(dict[tag]?.Value?.[0] ?? '')).filter(
    (v) => v.length > 5,
  )
  const ends = new Set()
  for (const value of values)
    for (let at = header.indexOf(value); at >= 0; at = header.indexOf(value, at + 1))
      ends.add(at + value.length)
  return (number) => {
    const text = String(number).padStart(4, '0')
    for (const end of ends) file.write(text, end - text.length, 'latin1')
  }
}

const NATIVE = '1.2.840.10008.1.2.1'
const JPEG_2000 = '1.2.840.10008.1.2.4.90'
const FRAME = 2 ** 19
/**
 * One frame less than would fill it, because a length has 32 bits and every frame must be complete.
 */
const FRAMES = (GIGABYTES * 2 ** 30) / FRAME - 1

/** A slice as made for the demo, without its pixels. */
async function headerOf(syntax) {
  const { default: dcmjs } = await import('dcmjs')
  const folder = mkdtempSync(join(tmpdir(), 'nocturne-bench-header-'))
  try {
    await run_(process.execPath, ['scripts/make-study.mjs', folder, '--instances', '1'])
    const { buffer } = Uint8Array.from(readFileSync(join(folder, 'IM0001.dcm')))
    const dicom = dcmjs.data.DicomMessage.readFile(buffer)
    delete dicom.dict['7FE00010']
    dicom.meta['00020010'].Value = [syntax]
    dicom.dict['00280008'] = { vr: 'IS', Value: [FRAMES] }
    return Buffer.from(dicom.write())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function elementOf(tag, vr, length) {
  const bytes = Buffer.alloc(vr === '' ? 8 : 12)
  bytes.writeUInt16LE(tag >>> 16, 0)
  bytes.writeUInt16LE(tag & 0xffff, 2)
  bytes.write(vr, 4, 'latin1')
  bytes.writeUInt32LE(length, bytes.length - 4)
  return bytes
}

async function* native(header) {
  const length = FRAMES * FRAME
  yield header
  yield elementOf(0x7fe00010, 'OW', length)
  for (let at = 0; at < length; at += PIECE.length) yield PIECE
}

async function* encapsulated(header) {
  yield header
  yield elementOf(0x7fe00010, 'OB', 0xffffffff)
  yield elementOf(0xfffee000, '', 0)
  for (let frame = 0; frame < FRAMES; frame++) {
    yield elementOf(0xfffee000, '', FRAME)
    for (let at = 0; at < FRAME; at += PIECE.length) yield PIECE
  }
  yield elementOf(0xfffee0dd, '', 0)
}

const KITWARE = `
import glob, io, json, sys, time, warnings
warnings.simplefilter('ignore')
from dicomanonymizer.simpledicomanonymizer import anonymize_dicom_file
files = [open(path, 'rb').read() for path in sorted(glob.glob(sys.argv[1] + '/*'))]
passes = int(sys.argv[2])
def once():
    for file in files:
        anonymize_dicom_file(io.BytesIO(file), io.BytesIO())
    return len(files)
once()
before = time.process_time()
done = sum(once() for _ in range(passes))
print(json.dumps({'done': done, 'seconds': time.process_time() - before}))`

async function sample(name, ...args) {
  const { stdout } = await run_(process.execPath, [HERE, name, ...args.map(String)])
  return JSON.parse(stdout)
}

async function kitware(checkout, folder) {
  const env = { ...process.env, PYTHONPATH: checkout }
  const { stdout } = await run_('python3', ['-c', KITWARE, folder, String(KITWARE_PASSES)], { env })
  return JSON.parse(stdout)
}

const rateOf = ({ done, seconds }) => done / seconds

async function rounds(count, ...samples) {
  const rates = samples.map(() => [])
  for (let i = 0; i < count; i++)
    for (const [at, take] of samples.entries()) rates[at].push(rateOf(await take()))
  return rates.map(median)
}

/** Files that both programs accept, spread over the folder. */
async function mixedFiles(from, to) {
  const work = await deidentifier()
  const candidates = filesOf(from).filter((path) => {
    const { size } = statSync(path, { throwIfNoEntry: true })
    return size > 4_096 && size < 4 * 2 ** 20
  })
  const usable = []
  for (const path of candidates) {
    const bytes = readFileSync(path)
    if (bytes.toString('latin1', 128, 132) !== 'DICM') continue
    const isTaken = await work(inPieces(bytes)).then(
      () => true,
      () => false,
    )
    if (isTaken) usable.push(path)
  }
  for (let i = 0; i < Math.min(MIXED, usable.length); i++) {
    copyFileSync(usable[Math.floor((i * usable.length) / MIXED)], join(to, `${i}.dcm`))
  }
}

export async function run({ json = false } = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'nocturne-bench-deidentify-'))
  const study = mkdtempSync(join(scratch, 'study-'))
  const mixed = mkdtempSync(join(scratch, 'mixed-'))
  const results = {}
  try {
    await run_(process.execPath, ['scripts/make-study.mjs', study, '--instances', String(SLICES)])
    const [ours, dcmjs] = await rounds(
      ROUNDS,
      () => sample('nocturne', study, PASSES),
      () => sample('dcmjs', study, DCMJS_PASSES),
    )
    results.sliceFilesPerSecond = round(ours)
    results.dcmjsFilesPerSecond = round(dcmjs)
    results.timesDcmjs = round(ours / dcmjs)

    const from = process.env.NOCTURNE_BENCH_FILES ?? '../shared/dicom'
    const checkout = process.env.NOCTURNE_BENCH_KITWARE
    const hasFiles = statSync(from, { throwIfNoEntry: false }) !== undefined
    if (hasFiles) {
      await mixedFiles(from, mixed)
      const samples = [() => sample('nocturne', mixed, MIXED_PASSES)]
      if (checkout) samples.push(() => kitware(checkout, mixed))
      const [mine, theirs] = await rounds(ROUNDS, ...samples)
      results.mixedFilesPerSecond = round(mine)
      if (theirs) results.kitwareFilesPerSecond = round(theirs)
      if (theirs) results.timesKitware = round(mine / theirs)
    }
    results.leftOut = [
      ...(hasFiles ? [] : ['mixed files: name a folder in NOCTURNE_BENCH_FILES']),
      ...(checkout ? [] : ['Kitware: name a checkout in NOCTURNE_BENCH_KITWARE']),
    ]
    for (const [name, syntax] of [
      ['native', NATIVE],
      ['encapsulated', JPEG_2000],
    ]) {
      const samples = []
      for (let i = 0; i < 3; i++) samples.push(await sample('stream', syntax))
      results[`${name}MegabytesPerSecond`] = Math.round(median(samples.map(rateOf)) / 1e6)
      results[`${name}PeakMegabytes`] = Math.round(Math.max(...samples.map(({ peak }) => peak)))
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  if (json) console.log(JSON.stringify(results))
  else
    for (const [name, value] of Object.entries(results)) console.log(`${name.padEnd(28)} ${value}`)
  return results
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [name, ...args] = process.argv.slice(2)
  const work = await SAMPLES[name](...args)
  const { done, seconds } = await work()
  const peak = process.resourceUsage().maxRSS / 1_024
  console.log(JSON.stringify({ done, seconds, peak }))
}
