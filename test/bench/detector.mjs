/**
 * Draws identities and markers into images, de-identifies them with the text detector, and counts
 * what passes. Needs `npm run build`.
 *
 *   npm run bench -- detector [--json]
 *     NOCTURNE_BENCH_FILES  a folder of DICOM files, whose pixels are the backgrounds; by default
 *                           `../shared/dicom`
 *     NOCTURNE_BENCH_IMAGES how many images of each kind; 40 by default
 *     NOCTURNE_BENCH_KINDS  some of CR,DX,US,SC
 *     NOCTURNE_BENCH_SHOW   prints each image as it is done
 *     NOCTURNE_BENCH_SEED   another number makes other images
 *
 * X-rays have 4 megapixels, enlarged from the backgrounds, and 12 bits, as MONOCHROME1 and
 * MONOCHROME2; ultrasound and secondary captures have 640 by 480, grey and RGB. With dcmtk on the
 * machine some are compressed. Half of the identities are in the header too. A miss is an image
 * that passes and still shows more of an identity than the smooth edges of its letters.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { draw, fonts, lineOf } from './_drawn-text.mjs'
import { median } from './_measure.mjs'

const FILES = process.env.NOCTURNE_BENCH_FILES ?? '../shared/dicom'
const IMAGES = Number(process.env.NOCTURNE_BENCH_IMAGES ?? 40)
const SEED = Number(process.env.NOCTURNE_BENCH_SEED ?? 1)
const dist = (path) => import(new URL(`../../dist/${path}.js`, import.meta.url).href)

/** mulberry32: the same images for the same seed. */
function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const FAMILIES =
  'Oyelaran Grünwaldt Nuñez Quillfeather Façade Weißmüller Okonkwo Vandersteen Petrosyan Lindqvist Abernathy Kowalczyk Marchetti Delacroix Hashimoto Thistlewood'.split(
    ' ',
  )
const GIVEN = 'Adaeze Jürgen Inés Orla Benoît Marit Tobias Xiomara Piotr Giulia Ansel Yuki'.split(
  ' ',
)
const MARKERS = [
  [],
  [],
  ['R'],
  ['L'],
  ['R', 'PA'],
  ['L', 'LATERAL'],
  ['AP ERECT'],
  ['PORTABLE', 'R'],
  ['SUPINE AP'],
  ['kV 80', 'mAs 2.5'],
  ['R', '14:32'],
  ['OBLIQUE', 'L'],
]
const SETTINGS = [
  [],
  ['Map 3', 'MI 0.8'],
  ['Gain 52', 'Freq 4.0 MHz'],
  ['Depth 12 cm'],
  ['FR 32 Hz', 'TIS 0.4'],
  ['LONG', 'RT KIDNEY'],
  ['Persist Med', 'DR 60'],
  ['LIVER', 'TRANS'],
]

function identityOf(random) {
  const pick = (list) => list[Math.floor(random() * list.length)]
  const digits = (count) => Array.from({ length: count }, () => Math.floor(random() * 10)).join('')
  const two = (most) => String(1 + Math.floor(random() * most)).padStart(2, '0')
  const [family, given, id] = [pick(FAMILIES), pick(GIVEN), digits(7)]
  const [year, month, day] = [1930 + Math.floor(random() * 80), two(12), two(28)]
  const lines = [
    `${family}, ${given}`,
    `${family.toUpperCase()} ${given.toUpperCase()}`,
    `${family.toUpperCase()}^${given.toUpperCase()}`,
    `ID: ${id}`,
    `${day}.${month}.${year}`,
    `DOB ${year}-${month}-${day}`,
    `MRN${id}`,
  ]
  const first = Math.floor(random() * lines.length)
  const lines_ = random() < 0.4 ? [lines[first]] : [lines[first], lines[(first + 3) % lines.length]]
  return { name: `${family}^${given}`, id, birth: `${year}${month}${day}`, lines: lines_ }
}

/** Greyscale pictures of the files, as a detector sees them. */
async function backgrounds() {
  const [{ picturesOf }, { rawDeflate }] = await Promise.all([
    dist('deidentify/blank/index'),
    dist('lib/raw-deflate'),
  ])
  const found = []
  for (const name of readdirSync(FILES, { recursive: true }).sort()) {
    const path = join(FILES, name)
    if (!/\.dcm$/.test(name) || statSync(path).size > 4e6) continue
    try {
      const bytes = (async function* () {
        yield readFileSync(path)
      })()
      const [picture] = await picturesOf(bytes, { headerBytes: 2 ** 24, rawDeflate })
      if (picture && picture.width >= 240 && picture.height >= 240) found.push({ name, picture })
    } catch {
      continue
    }
  }
  return found
}

/** Files that show text or are test patterns, found by looking at them. */
const NO_GROUND =
  /US1_|examples_(?:palette|rgb|ybr|jpeg2k)|ALOKA|OBXXXX|color-pl|JLSL|JPEG2000|TextGBR|SC_|lut_|image_dfl|OT-PAL|HTJ2K/

/** Bilinear, with a little noise, as a detector of X-rays has. */
function enlarged({ width, height, values }, columns, rows, random) {
  const result = new Uint8Array(columns * rows)
  for (let y = 0; y < rows; y++) {
    const fy = (y * (height - 1)) / rows
    const y0 = Math.floor(fy)
    for (let x = 0; x < columns; x++) {
      const fx = (x * (width - 1)) / columns
      const x0 = Math.floor(fx)
      const at = y0 * width + x0
      const [dx, dy] = [fx - x0, fy - y0]
      const upper = values[at] * (1 - dx) + values[at + 1] * dx
      const lower = values[at + width] * (1 - dx) + values[at + width + 1] * dx
      result[y * columns + x] = Math.min(235, upper * (1 - dy) + lower * dy + random() * 4)
    }
  }
  return { width: columns, height: rows, values: result }
}

const XRAY = { columns: 2000, rows: 2000, sizes: [16, 22, 30, 44], texts: MARKERS }
const SCREEN = { columns: 640, rows: 480, sizes: [9, 11, 14, 20], texts: SETTINGS }
const KINDS = {
  CR: { seed: 1, ...XRAY, sopClass: '1.2.840.10008.5.1.4.1.1.1', bits: 16 },
  DX: { seed: 2, ...XRAY, sopClass: '1.2.840.10008.5.1.4.1.1.1.1', bits: 16 },
  US: { seed: 3, ...SCREEN, sopClass: '1.2.840.10008.5.1.4.1.1.6.1', bits: 8 },
  SC: { seed: 4, ...SCREEN, sopClass: '1.2.840.10008.5.1.4.1.1.7', bits: 8 },
}

/** One image: its file, what is drawn, and the pixels of the letters of the identity. */
function imageOf(kind, isIdentified, number, grounds) {
  const { columns, rows, sizes, texts, sopClass, bits } = KINDS[kind]
  const random = randomOf(
    SEED * 7919 + number * 104_729 + KINDS[kind].seed * 15_485_863 + (isIdentified ? 1 : 0),
  )
  const pick = (list) => list[Math.floor(random() * list.length)]
  const ground = pick(grounds)
  const picture = enlarged(ground.picture, columns, rows, random)
  const margin = Math.round(columns / 40)
  const identity = identityOf(random)
  const boxes = []
  const style = pick(['plain', 'plain', 'outlined', 'boxed'])
  const isTop = random() < 0.5
  const size = pick(sizes)
  const font = pick(fonts)
  const put = (lines, at) => {
    let y = at.top ? margin : rows - margin - lines.length * size * 2
    const drawn = []
    for (const text of lines) {
      const line = lineOf(text, font, size)
      const x = at.left ? margin : columns - margin - line.width
      // Plain writing is drawn where it can be read: bright on dark, or dark on bright.
      const under = meanOf(picture, x, y, line)
      const value = style === 'plain' && under > 140 ? 0 : 250
      drawn.push(
        draw(picture, line, {
          x,
          y,
          value,
          style: style === 'plain' && under > 90 && under <= 140 ? 'outlined' : style,
        }),
      )
      y += Math.round(size * 2)
    }
    return drawn
  }
  const isLeft = random() < 0.5
  put(pick(texts), { top: !isTop, left: !isLeft })
  if (isIdentified) boxes.push(...put(identity.lines, { top: isTop, left: isLeft }))
  const isInverted = bits === 16 && random() < 0.4
  const isColour = bits === 8 && random() < 0.5
  const bytes = encoded(picture, { bits, isInverted, isColour })
  const isNamed = random() < 0.5
  const photometric = isColour ? 'RGB' : isInverted ? 'MONOCHROME1' : 'MONOCHROME2'
  const header = isNamed ? identity : { name: 'Doe^Sam', id: 'X17', birth: '19600101' }
  const file = fileOf({ kind, sopClass, bits, columns, rows, photometric, header, number, bytes })
  return {
    file,
    boxes,
    what: {
      kind,
      ground: ground.name,
      font,
      size,
      style,
      photometric,
      isNamed,
      lines: isIdentified ? identity.lines : [],
    },
  }
}

function meanOf({ width, height, values }, x, y, line) {
  let [sum, count] = [0, 0]
  for (let row = Math.max(0, y); row < Math.min(height, y + line.height); row++)
    for (let column = Math.max(0, x); column < Math.min(width, x + line.width); column++) {
      sum += values[row * width + column]
      count += 1
    }
  return sum / Math.max(1, count)
}

function encoded({ values }, { bits, isInverted, isColour }) {
  if (bits === 16) {
    const bytes = Buffer.alloc(2 * values.length)
    values.forEach((value, at) =>
      bytes.writeUInt16LE((isInverted ? 255 - value : value) * 16, 2 * at),
    )
    return bytes
  }
  if (!isColour) return Buffer.from(values)
  const bytes = Buffer.alloc(3 * values.length)
  values.forEach((value, at) => bytes.fill(value, 3 * at, 3 * at + 3))
  return bytes
}

const LONG = new Set(['OB', 'OW', 'SQ', 'UN'])
function element(tag, vr, value) {
  const odd = typeof value === 'string' ? Buffer.from(value) : value
  const bytes =
    odd.length % 2 === 0 ? odd : Buffer.concat([odd, Buffer.from(vr === 'UI' ? '\0' : ' ')])
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8)
  head.writeUInt16LE(tag >>> 16, 0)
  head.writeUInt16LE(tag & 0xffff, 2)
  head.write(vr, 4, 'latin1')
  if (LONG.has(vr)) head.writeUInt32LE(bytes.length, 8)
  else head.writeUInt16LE(bytes.length, 6)
  return Buffer.concat([head, bytes])
}
const us = (value) => Buffer.from([value & 255, value >> 8])

function fileOf({ kind, sopClass, bits, columns, rows, photometric, header, number, bytes }) {
  const uid = `2.25.${SEED}.${number}`
  const isColour = photometric === 'RGB'
  const dataset = [
    element(0x00080005, 'CS', 'ISO_IR 192'),
    element(0x00080016, 'UI', sopClass),
    element(0x00080018, 'UI', `${uid}.3`),
    element(0x00080060, 'CS', kind === 'SC' ? 'OT' : kind),
    element(0x00100010, 'PN', header.name),
    element(0x00100020, 'LO', header.id),
    element(0x00100030, 'DA', header.birth),
    element(0x0020000d, 'UI', `${uid}.1`),
    element(0x0020000e, 'UI', `${uid}.2`),
    element(0x00280002, 'US', us(isColour ? 3 : 1)),
    element(0x00280004, 'CS', photometric),
    ...(isColour ? [element(0x00280006, 'US', us(0))] : []),
    element(0x00280010, 'US', us(rows)),
    element(0x00280011, 'US', us(columns)),
    element(0x00280100, 'US', us(bits)),
    element(0x00280101, 'US', us(bits === 16 ? 12 : 8)),
    element(0x00280102, 'US', us(bits === 16 ? 11 : 7)),
    element(0x00280103, 'US', us(0)),
    element(0x7fe00010, bits === 16 ? 'OW' : 'OB', bytes),
  ]
  const meta = [
    element(0x00020001, 'OB', Buffer.from([0, 1])),
    element(0x00020002, 'UI', sopClass),
    element(0x00020003, 'UI', `${uid}.3`),
    element(0x00020010, 'UI', '1.2.840.10008.1.2.1'),
    element(0x00020012, 'UI', '2.25.1'),
  ]
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.reduce((sum, one) => sum + one.length, 0))
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x00020000, 'UL', length),
    ...meta,
    ...dataset,
  ])
}

/** Programs of dcmtk, and arguments, that compress without loss or nearly so; each also undone. */
const COMPRESSORS = [
  ['dcmcrle', []],
  ['dcmcjpeg', ['+e1']],
  ['dcmcjpls', ['+el']],
]
const UNDONE = { dcmcrle: 'dcmdrle', dcmcjpeg: 'dcmdjpeg', dcmcjpls: 'dcmdjpls' }
const hasDcmtk = () => {
  try {
    for (const name of Object.entries(UNDONE).flat())
      execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function through(folder, program, args, bytes) {
  const [source, target] = [join(folder, 'in.dcm'), join(folder, 'out.dcm')]
  writeFileSync(source, bytes)
  execFileSync(program, [...args, source, target], { stdio: 'pipe' })
  return readFileSync(target)
}

async function workWith(textDetector) {
  const [{ deidentify }, { BUILT_IN_PROFILES }, { receive }] = await Promise.all(
    ['deidentify/index', 'deidentify/rules/index', 'receive/index'].map(dist),
  )
  const context = {
    profile: BUILT_IN_PROFILES.pseudonymize,
    secret: Buffer.alloc(32, 7),
    transfer: 'bench',
    headerBytes: 32 * 2 ** 20,
    pseudonymOf: () => Promise.resolve({ code: 'BENCH', shiftSeconds: 0 }),
    textDetector,
  }
  const limits = { itemBytes: 2 ** 30, archiveEntries: 1, archiveRatio: 200, archiveDepth: 1 }
  return async (file) => {
    async function* pieces() {
      for (let at = 0; at < file.length; at += 65_536) yield file.subarray(at, at + 65_536)
    }
    const part = { contentType: 'application/dicom', fileName: undefined, bytes: pieces() }
    for await (const item of receive(part, limits)) {
      try {
        const { bytes, facts } = await deidentify(item, context)
        const parts = []
        for await (const one of bytes) parts.push(one)
        return { outcome: facts.pixelsBlanked ? 'blanked' : 'passed', bytes: Buffer.concat(parts) }
      } catch (error) {
        for await (const _ of item.bytes);
        return { outcome: error.code ?? String(error), bytes: undefined }
      }
    }
    throw new Error('nothing received')
  }
}

/** The share of the lines' boxes that is not black. */
function shareLeft(after, boxes, { kind, photometric }) {
  const { bits, columns } = KINDS[kind]
  const samples = photometric === 'RGB' ? 3 : 1
  const size = (bits / 8) * samples
  const start = after.lastIndexOf(Buffer.from('e07f1000', 'hex')) + 12
  const black = photometric === 'MONOCHROME1' ? 4095 : 0
  let [left, all] = [0, 0]
  for (const { x, y, width, height } of boxes)
    for (let row = y; row < y + height; row++)
      for (let column = x; column < x + width; column++) {
        const at = start + (row * columns + column) * size
        const value =
          bits === 16 ? after.readUInt16LE(at) : Math.max(...after.subarray(at, at + size))
        all += 1
        if (value !== black) left += 1
      }
  return left / all
}
/** Of the box around a line; more than its smooth edges. */
const MOST_LEFT = 0.03

const secondsOf = ({ user, system }) => (user + system) / 1e6

function sizeOf(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .reduce((sum, one) => sum + statSync(join(one.parentPath ?? one.path, one.name)).size, 0)
}

function packageBytes() {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const all = new Set()
  const add = (name) => {
    const folder = join('node_modules', name)
    if (all.has(name) || name in dependencies) return
    all.add(name)
    try {
      const own = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      for (const one of Object.keys(own.dependencies ?? {})) add(one)
    } catch {
      all.delete(name)
    }
  }
  for (const name of Object.keys(optionalDependencies)) add(name)
  return [...all].reduce((sum, name) => sum + sizeOf(join('node_modules', name)), 0)
}

export async function run({ json }) {
  createRequire(import.meta.url).resolve('tesseract.js')
  const { createTextDetector } = await dist('deidentify/blank/index')
  const grounds = (await backgrounds()).filter(({ name }) => !NO_GROUND.test(name))
  if (grounds.length === 0 || fonts.length === 0)
    throw new Error(`no backgrounds in ${FILES}, or no fonts: install fonts-dejavu-core`)
  const folder = mkdtempSync(join(tmpdir(), 'nocturne-bench-'))
  const compresses = hasDcmtk()
  const detector = createTextDetector({ clears: true, threads: 1 })
  const work = await workWith(detector)
  const baseline = process.memoryUsage().rss
  let most = 0
  const rows = {}
  const times = { without: [], with: [] }
  const missed = []
  try {
    for (const kind of process.env.NOCTURNE_BENCH_KINDS?.split(',') ?? Object.keys(KINDS))
      for (const isIdentified of [false, true]) {
        const row = { images: 0, passed: 0, blanked: 0, held: 0, missed: 0 }
        for (let number = 0; number < IMAGES; number++) {
          const { file, boxes, what } = imageOf(kind, isIdentified, number, grounds)
          const [program, args] = COMPRESSORS[number % 6] ?? []
          const isCompressed = compresses && program !== undefined
          const input = isCompressed ? through(folder, program, args, file) : file
          const before = process.cpuUsage()
          const { outcome, bytes } = await work(input)
          const seconds = secondsOf(process.cpuUsage(before))
          if (number > 0 && KINDS[kind].columns === XRAY.columns)
            times[isIdentified || what.lines.length > 0 ? 'with' : 'without'].push(seconds)
          most = Math.max(most, process.memoryUsage().rss)
          row.images += 1
          row[outcome === 'passed' || outcome === 'blanked' ? outcome : 'held'] += 1
          const plain = bytes && isCompressed ? through(folder, UNDONE[program], [], bytes) : bytes
          const left =
            !plain || !isIdentified ? 0 : outcome === 'passed' ? 1 : shareLeft(plain, boxes, what)
          if (left > MOST_LEFT) {
            row.missed += 1
            missed.push({ number, outcome, left, ...what })
          }
          if (process.env.NOCTURNE_BENCH_SHOW)
            console.log(JSON.stringify({ number, isIdentified, outcome, left, seconds, ...what }))
        }
        rows[`${kind} ${isIdentified ? 'with an identity' : 'without'}`] = row
      }
  } finally {
    await detector.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const result = {
    images: rows,
    missed,
    secondsPer4Megapixels: { without: median(times.without), with: median(times.with) },
    megabytes: { before: Math.round(baseline / 2 ** 20), most: Math.round(most / 2 ** 20) },
    packageMegabytes: Math.round(packageBytes() / 2 ** 20),
  }
  if (json) {
    console.log(JSON.stringify(result))
    return
  }
  for (const [name, { images, passed, blanked, held, missed: left }] of Object.entries(rows))
    console.log(
      `${name.padEnd(22)} ${images} images: ${passed} passed, ${blanked} blanked, ${held} held; ${left} missed`,
    )
  for (const one of missed) console.log('missed:', JSON.stringify(one))
  console.log(
    `processor time of an X-ray of 4 megapixels: ${result.secondsPer4Megapixels.without?.toFixed(2)} s without an identity, ${result.secondsPer4Megapixels.with?.toFixed(2)} s with`,
  )
  console.log(
    `memory of the process: ${result.megabytes.before} MB before, ${result.megabytes.most} MB at most; packages ${result.packageMegabytes} MB`,
  )
}
