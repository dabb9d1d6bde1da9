#!/usr/bin/env node
/**
 * Makes a synthetic CT study of a head: a phantom drawn in Hounsfield units, of a fictitious
 * patient. The same arguments give the same bytes. Needs only Node.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const HELP = `usage: node scripts/make-study.mjs DIR [options]

Writes a synthetic CT head study to DIR as IM0001.dcm, IM0002.dcm, ...

  --instances N   slices (default 24)
  --size N        rows and columns (default 512: about 512 KiB a slice)
  --name NAME     Patient's Name (default DEMO^NIGHT)
  --seed N        another seed is another patient and another bleed (default 1)
  --document      also writes requisition.pdf
  --frames N      writes one multi-frame file of N frames instead, multiframe.dcm, as a stream
  --help

example: node scripts/make-study.mjs /tmp/study --instances 40 --document`

class Usage extends Error {}

// ---------------------------------------------------------------------------------------------------------
// Reproducible random numbers

/** mulberry32: numbers in [0, 1). */
const chance = (seed) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A UID under 2.25 (PS3.5 section B.2) from the seed and a name. */
const uid = (seed, name) => {
  const digest = createHash('sha256').update(`nocturne demo ${seed} ${name}`).digest()
  digest[6] = 0x80 | (digest[6] & 0x0f)
  digest[8] = 0x80 | (digest[8] & 0x3f)
  return `2.25.${BigInt(`0x${digest.subarray(0, 16).toString('hex')}`)}`
}

// ---------------------------------------------------------------------------------------------------------
// Explicit VR Little Endian (PS3.5 section 7.1.2)

const LONG_LENGTH = new Set(['OB', 'OW', 'SQ', 'UN', 'UT'])
const PADDED_WITH_NULL = new Set(['UI', 'OB'])

const valueOf = (vr, value) => {
  if (Buffer.isBuffer(value)) return value
  if (vr === 'US') return Buffer.from(Uint16Array.of(value).buffer)
  if (vr === 'UL') return Buffer.from(Uint32Array.of(value).buffer)
  if (vr === 'AT') return Buffer.from(Uint16Array.of(value >>> 16, value & 0xffff).buffer)
  if (vr === 'SQ') return Buffer.concat(value.map((item) => item_(dataset(item))))
  return Buffer.from([value].flat().join('\\'), 'utf8')
}

const header = (tag, vr, length) => {
  const long = LONG_LENGTH.has(vr)
  const bytes = Buffer.alloc(long ? 12 : 8)
  bytes.writeUInt16LE(tag >>> 16, 0)
  bytes.writeUInt16LE(tag & 0xffff, 2)
  bytes.write(vr, 4, 'latin1')
  if (long) bytes.writeUInt32LE(length, 8)
  else bytes.writeUInt16LE(length, 6)
  return bytes
}

const element = (tag, vr, value) => {
  const bytes = valueOf(vr, value)
  const pad = bytes.length % 2 === 0 ? [] : [Buffer.from(PADDED_WITH_NULL.has(vr) ? '\0' : ' ')]
  return Buffer.concat([header(tag, vr, bytes.length + pad.length), bytes, ...pad])
}

const item_ = (bytes) => {
  const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0])
  head.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}

/** Elements as [tag, VR, value], in any order. */
const dataset = (elements) =>
  Buffer.concat(
    elements.toSorted(([a], [b]) => a - b).map(([tag, vr, value]) => element(tag, vr, value)),
  )

/** Preamble and File Meta Information (PS3.10 section 7.1). */
const fileMeta = (sopClass, instance) => {
  const meta = dataset([
    [0x00020001, 'OB', Buffer.from([0, 1])],
    [0x00020002, 'UI', sopClass],
    [0x00020003, 'UI', instance],
    [0x00020010, 'UI', '1.2.840.10008.1.2.1'],
    [0x00020012, 'UI', uid(0, 'implementation')],
    [0x00020013, 'SH', 'NOCTURNE_DEMO'],
  ])
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x00020000, 'UL', meta.length),
    meta,
  ])
}

// ---------------------------------------------------------------------------------------------------------
// The patient

const TIME = '021407'
const DATE = '20260214'

/**
 * Elements in every file of the study. They identify the fictitious patient as fully as real ones
 * would.
 */
const commonElements = ({ seed, name }) => {
  const number = String(seed).padStart(4, '0')
  return [
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080012, 'DA', DATE],
    [0x00080013, 'TM', TIME],
    [0x00080020, 'DA', DATE],
    [0x00080021, 'DA', DATE],
    [0x00080023, 'DA', DATE],
    [0x00080030, 'TM', TIME],
    [0x00080031, 'TM', TIME],
    [0x00080033, 'TM', TIME],
    [0x00080050, 'SH', `DEMOACC${number}`],
    [0x00080070, 'LO', 'Nocturne Demo'],
    [0x00080080, 'LO', 'Imaginary Hospital'],
    [0x00080081, 'ST', '1 Nowhere Street, Imaginary City'],
    [0x00080090, 'PN', 'REFERRER^DEMO'],
    [0x00081010, 'SH', 'DEMOSTATION'],
    [0x00081030, 'LO', 'CT head without contrast'],
    [0x00081070, 'PN', 'OPERATOR^DEMO'],
    [0x00081090, 'LO', 'Phantom'],
    [0x00100010, 'PN', name],
    [0x00100020, 'LO', `DEMO-${number}`],
    [0x00100030, 'DA', '19510704'],
    [0x00100040, 'CS', 'O'],
    [0x00101000, 'LO', `OLD-DEMO-${number}`],
    [0x00101010, 'AS', '074Y'],
    [0x00101040, 'LO', '2 Nowhere Street, Imaginary City'],
    [0x00102154, 'SH', '555-0100'],
    [0x00104000, 'LT', 'Synthetic patient: never lived.'],
    [0x00181000, 'LO', `SN-DEMO-${number}`],
    [0x00181020, 'LO', 'make-study'],
    [0x0020000d, 'UI', uid(seed, 'study')],
    [0x0020000e, 'UI', uid(seed, 'series')],
    [0x00200010, 'SH', `DEMO${number}`],
    [0x00200011, 'IS', '2'],
    [
      0x00400275,
      'SQ',
      [
        [
          [0x00321060, 'LO', 'CT head, trauma'],
          [0x00400007, 'LO', 'CT head without contrast'],
          [0x00400009, 'SH', `SPS${number}`],
          [0x00401001, 'SH', `RP${number}`],
        ],
      ],
    ],
    // A private group as scanners add them, which repeats the patient's name.
    [0x00190010, 'LO', 'NOCTURNE DEMO'],
    [0x00191001, 'LO', `scanned for ${name}`.slice(0, 64)],
  ]
}

// ---------------------------------------------------------------------------------------------------------
// The phantom

/**
 * In HU; where ellipsoids overlap the later one wins. Centres and half axes are in mm from the
 * centre of the head.
 */
const phantom = (seed) => {
  const next = chance(seed)
  const side = next() < 0.5 ? -1 : 1
  const bleed = { x: side * (38 + 6 * next()), y: -8 + 24 * next(), z: -6 + 20 * next() }
  return [
    // Lower part of the head: skin, then the skull as a shell, then its content.
    { hu: 35, x: 0, y: 0, z: 0, a: 78, b: 96, c: 92 },
    { hu: -90, x: 0, y: 0, z: 0, a: 76, b: 94, c: 90 },
    { hu: 1100, x: 0, y: 0, z: 0, a: 73, b: 91, c: 87 },
    { hu: 500, x: 0, y: 0, z: 0, a: 71, b: 89, c: 85 },
    { hu: 1000, x: 0, y: 0, z: 0, a: 69.5, b: 87.5, c: 83.5 },
    { hu: 8, x: 0, y: 0, z: 0, a: 67, b: 85, c: 81 },
    // Grey matter, white matter of both halves, and the fissure between them.
    { hu: 38, x: 0, y: 0, z: 0, a: 64.5, b: 82.5, c: 78.5 },
    { hu: 28, x: -30, y: 0, z: 4, a: 25, b: 70, c: 62 },
    { hu: 28, x: 30, y: 0, z: 4, a: 25, b: 70, c: 62 },
    { hu: 8, x: 0, y: -58, z: 20, a: 1.6, b: 25, c: 50 },
    { hu: 8, x: 0, y: 58, z: 20, a: 1.6, b: 25, c: 50 },
    // Deep nuclei, lateral ventricles with their horns, third ventricle, calcified pineal gland.
    { hu: 38, x: -20, y: 2, z: 4, a: 9, b: 18, c: 14 },
    { hu: 38, x: 20, y: 2, z: 4, a: 9, b: 18, c: 14 },
    { hu: 6, x: -11, y: -16, z: 16, a: 6, b: 24, c: 12 },
    { hu: 6, x: 11, y: -16, z: 16, a: 6, b: 24, c: 12 },
    { hu: 6, x: -17, y: 24, z: 10, a: 6, b: 18, c: 11 },
    { hu: 6, x: 17, y: 24, z: 10, a: 6, b: 18, c: 11 },
    { hu: 6, x: 0, y: 2, z: 2, a: 2.5, b: 14, c: 12 },
    { hu: 180, x: 0, y: 22, z: 2, a: 2.5, b: 2.5, c: 3 },
    // A lens-shaped fresh bleed against the inner table of the skull.
    { hu: 66, x: bleed.x + side * 17, y: bleed.y, z: bleed.z, a: 13, b: 30, c: 26, within: 66.5 },
    // Sinuses and orbits, low in front.
    { hu: -950, x: -13, y: -76, z: -42, a: 10, b: 8, c: 12 },
    { hu: -950, x: 13, y: -76, z: -42, a: 10, b: 8, c: 12 },
    { hu: 10, x: -32, y: -74, z: -52, a: 14, b: 13, c: 13 },
    { hu: 10, x: 32, y: -74, z: -52, a: 14, b: 13, c: 13 },
  ]
}

/**
 * Draws air, then the ellipsoids row by row as spans, then noise from a table at a random offset.
 */
const drawSlice = ({ shapes, noise, size, spacing, z, offset, lift = 0 }) => {
  const pixels = new Int16Array(size * size).fill(-1000)
  const middle = (size - 1) / 2
  const innerTable = (1 - (z / 81) ** 2) * 67 ** 2
  for (const { hu, x, y, z: centre, a, b, c, within } of shapes) {
    const depth = 1 - ((z - centre) / c) ** 2
    if (depth <= 0) continue
    const first = Math.max(0, Math.ceil(middle + (y - b * Math.sqrt(depth)) / spacing))
    const last = Math.min(size - 1, Math.floor(middle + (y + b * Math.sqrt(depth)) / spacing))
    for (let row = first; row <= last; row += 1) {
      const mm = (row - middle) * spacing
      const half = a * Math.sqrt(Math.max(0, depth - ((mm - y) / b) ** 2))
      const bound = within
        ? Math.sqrt(Math.max(0, innerTable * (1 - (mm / (85 * Math.sqrt(1 - (z / 81) ** 2))) ** 2)))
        : Infinity
      const left = Math.max(x - half, -bound)
      const right = Math.min(x + half, bound)
      const from = Math.max(0, Math.ceil(middle + left / spacing))
      const to = Math.min(size - 1, Math.floor(middle + right / spacing))
      if (to >= from) pixels.fill(hu, row * size + from, row * size + to + 1)
    }
  }
  const mask = noise.length - 1
  for (let index = 0; index < pixels.length; index += 1)
    pixels[index] += noise[(index * 3 + offset) & mask] + lift
  return pixels
}

/** 2^16 values with a standard deviation of about 4 HU: the sum of four uniform random numbers. */
const noiseTable = (seed) => {
  const next = chance(seed ^ 0x5eed)
  return Int16Array.from({ length: 65_536 }, () =>
    Math.round((next() + next() + next() + next() - 2) * 7),
  )
}

const bytesOf = (pixels) => Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)

// ---------------------------------------------------------------------------------------------------------
// The files

const FIELD_MM = 240
const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
const MULTI_FRAME_WORD = '1.2.840.10008.5.1.4.1.1.7.3'

const decimal = (value) => String(Number(value.toFixed(6)))

const makeSlices = async (dir, { instances, size, seed, name }) => {
  const shapes = phantom(seed)
  const noise = noiseTable(seed)
  const common = commonElements({ seed, name })
  const spacing = FIELD_MM / size
  const thickness = Math.min(5, 150 / instances)
  const corner = -((size - 1) / 2) * spacing
  for (let number = 1; number <= instances; number += 1) {
    const z = (number - (instances + 1) / 2) * thickness
    const instance = uid(seed, `instance ${number}`)
    const pixels = drawSlice({ shapes, noise, size, spacing, z, offset: number * 7919 })
    const elements = [
      ...common,
      [0x00080008, 'CS', ['ORIGINAL', 'PRIMARY', 'AXIAL']],
      [0x00080016, 'UI', CT_IMAGE],
      [0x00080018, 'UI', instance],
      [0x00080022, 'DA', DATE],
      [0x00080032, 'TM', TIME],
      [0x00080060, 'CS', 'CT'],
      [0x0008103e, 'LO', 'Head axial'],
      [0x00180015, 'CS', 'HEAD'],
      [0x00180050, 'DS', decimal(thickness)],
      [0x00180060, 'DS', '120'],
      [0x00180088, 'DS', decimal(thickness)],
      [0x00181100, 'DS', String(FIELD_MM)],
      [0x00181120, 'DS', '0'],
      [0x00181140, 'CS', 'CW'],
      [0x00181150, 'IS', '1000'],
      [0x00181151, 'IS', '250'],
      [0x00181152, 'IS', '250'],
      [0x00181210, 'SH', 'DEMO30'],
      [0x00185100, 'CS', 'HFS'],
      [0x00200012, 'IS', '1'],
      [0x00200013, 'IS', String(number)],
      [0x00200032, 'DS', [corner, corner, z].map(decimal)],
      [0x00200037, 'DS', ['1', '0', '0', '0', '1', '0']],
      [0x00200052, 'UI', uid(seed, 'frame of reference')],
      [0x00201040, 'LO', ''],
      [0x00201041, 'DS', decimal(z)],
      [0x00280002, 'US', 1],
      [0x00280004, 'CS', 'MONOCHROME2'],
      [0x00280010, 'US', size],
      [0x00280011, 'US', size],
      [0x00280030, 'DS', [spacing, spacing].map(decimal)],
      [0x00280100, 'US', 16],
      [0x00280101, 'US', 16],
      [0x00280102, 'US', 15],
      [0x00280103, 'US', 1],
      [0x00281050, 'DS', ['40', '300']],
      [0x00281051, 'DS', ['80', '2000']],
      [0x00281052, 'DS', '0'],
      [0x00281053, 'DS', '1'],
      [0x00281054, 'LO', 'HU'],
      [0x00281055, 'LO', ['BRAIN', 'BONE']],
      [0x7fe00010, 'OW', bytesOf(pixels)],
    ]
    const path = join(dir, `IM${String(number).padStart(4, '0')}.dcm`)
    await writeFile(path, Buffer.concat([fileMeta(CT_IMAGE, instance), dataset(elements)]))
  }
}

/** Makes every value positive, because secondary captures contain unsigned values. */
const UNSIGNED_LIFT = 1024

/** Only one frame is in memory at a time, whatever the file's size. */
const makeMultiFrame = async (dir, { frames, size, seed, name }) => {
  const instance = uid(seed, 'multi-frame')
  const elements = [
    ...commonElements({ seed, name }),
    [0x00080008, 'CS', ['DERIVED', 'SECONDARY']],
    [0x00080016, 'UI', MULTI_FRAME_WORD],
    [0x00080018, 'UI', instance],
    [0x00080060, 'CS', 'CT'],
    [0x00080064, 'CS', 'SYN'],
    [0x0008103e, 'LO', 'Head, all frames'],
    [0x00180015, 'CS', 'HEAD'],
    [0x00181063, 'DS', '40'],
    [0x00200013, 'IS', '1'],
    [0x00200020, 'CS', ['L', 'P']],
    [0x00280002, 'US', 1],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280008, 'IS', String(frames)],
    [0x00280009, 'AT', 0x00181063],
    [0x00280010, 'US', size],
    [0x00280011, 'US', size],
    [0x00280100, 'US', 16],
    [0x00280101, 'US', 16],
    [0x00280102, 'US', 15],
    [0x00280103, 'US', 0],
    [0x00280301, 'CS', 'NO'],
    [0x00281052, 'DS', '0'],
    [0x00281053, 'DS', '1'],
    [0x00281054, 'LO', 'US'],
    [0x20500020, 'CS', 'IDENTITY'],
  ]
  const shapes = phantom(seed)
  const noise = noiseTable(seed)
  const file = await open(join(dir, 'multiframe.dcm'), 'w')
  try {
    await file.write(fileMeta(MULTI_FRAME_WORD, instance))
    await file.write(dataset(elements))
    await file.write(header(0x7fe00010, 'OW', frames * size * size * 2))
    for (let frame = 0; frame < frames; frame += 1) {
      const z = -75 + (150 * (frame + 0.5)) / frames
      const look = { shapes, noise, size, spacing: FIELD_MM / size, z, offset: frame * 7919 }
      await file.writeFile(bytesOf(drawSlice({ ...look, lift: UNSIGNED_LIFT })))
    }
  } finally {
    await file.close()
  }
}

/** A one-page PDF 1.4 with a font that every viewer has, so that nothing is embedded. */
const makeRequisition = async (dir, { seed, name }) => {
  const lines = [
    'IMAGING REQUISITION (synthetic: this patient never lived)',
    `Patient: ${name.replaceAll('^', ' ')}    MRN: DEMO-${String(seed).padStart(4, '0')}`,
    'Date of birth: 4 July 1951',
    'Examination: CT head without contrast',
    'Reason: fall, headache, drowsy. Bleed?',
    'Call back: 555-0100',
  ]
  const escaped = lines.map((line) =>
    line.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/[\\()]/g, String.raw`\$&`),
  )
  const text = `BT /F1 12 Tf 72 720 Td 20 TL ${escaped.map((line) => `(${line}) Tj T*`).join(' ')} ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let pdf = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = pdf.length
    pdf += `${index + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  pdf +=
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}` +
    `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${pdf.length}\n%%EOF\n`
  await writeFile(join(dir, 'requisition.pdf'), pdf)
}

// ---------------------------------------------------------------------------------------------------------
// The command

const whole = (values, option, [least, most]) => {
  const value = Number(values[option])
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Usage(`--${option} takes a whole number from ${least} to ${most}`)
  return value
}

const main = async () => {
  let parsed
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        instances: { type: 'string', default: '24' },
        size: { type: 'string', default: '512' },
        name: { type: 'string', default: 'DEMO^NIGHT' },
        seed: { type: 'string', default: '1' },
        frames: { type: 'string' },
        document: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new Usage(error.message)
  }
  const { values, positionals } = parsed
  if (values.help) return console.log(HELP)
  const [dir, ...others] = positionals
  if (!dir || others.length > 0) throw new Usage('name one folder to write to')
  if (!/^[^\\\p{Cc}]{1,64}$/u.test(values.name))
    throw new Usage('--name takes 1 to 64 characters, without backslashes and control characters')

  const study = {
    size: whole(values, 'size', [16, 4096]),
    seed: whole(values, 'seed', [0, 0xffffffff]),
    instances: whole(values, 'instances', [1, 9999]),
    name: values.name,
  }
  const frames = values.frames === undefined ? 0 : whole(values, 'frames', [1, 1_000_000])
  // The length of an element has 32 bits, and the highest value means undefined length.
  if (frames * study.size ** 2 * 2 > 0xfffffffe)
    throw new Usage(
      'more than 4 GiB do not fit into one file: give fewer --frames or a smaller --size',
    )

  await mkdir(dir, { recursive: true })
  if (frames > 0) await makeMultiFrame(dir, { ...study, frames })
  else await makeSlices(dir, study)
  if (values.document) await makeRequisition(dir, study)
  const what = frames > 0 ? `${frames} frames` : `${study.instances} CT instances`
  console.log(`wrote ${what}${values.document ? ' and a requisition' : ''} to ${dir}`)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof Usage)) throw error
  console.error(`make-study: error: ${error.message}\nmake-study: hint: see --help`)
  process.exitCode = 2
}
