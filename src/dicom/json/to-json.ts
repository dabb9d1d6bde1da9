/** Converts elements to the DICOM JSON Model (PS3.18 Annex F). Pure. */
import { hex } from '../dictionary/dictionary.js'
import { findElement } from '../elements/element.js'
import type { Element, Encoding, Item } from '../elements/element.js'
import { decodeDefault, decodeWith } from '../text/charset.js'
import type { Decode } from '../text/charset.js'

export type JsonValue = string | number | null | JsonModel | PersonName

/** PS3.18 F.2.2: at most the three groups of PS3.5 6.2.1. */
export interface PersonName {
  readonly Alphabetic?: string
  readonly Ideographic?: string
  readonly Phonetic?: string
}

export interface JsonAttribute {
  readonly vr: string
  readonly Value?: readonly JsonValue[]
  /** Base64. */
  readonly InlineBinary?: string
  readonly BulkDataURI?: string
}

/** By tag, as eight hexadecimal digits. */
export type JsonModel = Record<string, JsonAttribute>

interface DataSet {
  readonly elements: readonly Element[]
  readonly buffer: Buffer
  readonly encoding: Encoding
}

/** Binary values up to this size are inline. */
const MAX_INLINE = 1024

/**
 * @param bulkAt returns where a large binary value of the top level can be fetched; those in
 *   sequences are inline
 */
export function toJson(dataSet: DataSet, bulkAt: (tag: string) => string): JsonModel {
  return model(dataSet, decodeDefault, bulkAt)
}

const CHARACTER_SET = 0x00080005
/** Group lengths (retired) and Data Set Trailing Padding. */
const isLeftOut = (tag: number): boolean => (tag & 0xffff) === 0 || tag === 0xfffcfffc

function model(
  dataSet: DataSet,
  inherited: Decode,
  bulkAt: ((tag: string) => string) | undefined,
): JsonModel {
  const named = findElement(dataSet.elements, CHARACTER_SET)
  const { buffer } = dataSet
  const decode = named
    ? decodeWith(buffer.toString('latin1', named.valueStart, named.valueEnd))
    : inherited
  const result: JsonModel = {}
  for (const element of dataSet.elements) {
    if (isLeftOut(element.tag)) continue
    const tag = hex(element.tag).toUpperCase()
    result[tag] = attribute(element, dataSet, decode, bulkAt && (() => bulkAt(tag)))
  }
  return result
}

function attribute(
  element: Element,
  { buffer, encoding }: DataSet,
  decode: Decode,
  bulk: (() => string) | undefined,
): JsonAttribute {
  if (element.items) return sequence(element.items, buffer, decode)
  const { vr } = element
  const value = buffer.subarray(element.valueStart, element.valueEnd)
  if (value.length === 0) return { vr }
  const read = NUMBERS[vr]
  if (read) return { vr, Value: numbers(value, encoding, read) }
  if (vr === 'AT') return { vr, Value: tagsIn(value, encoding) }
  if (BINARY.has(vr)) {
    return value.length > MAX_INLINE && bulk
      ? { vr, BulkDataURI: bulk() }
      : { vr, InlineBinary: value.toString('base64') }
  }
  return { vr, Value: textsIn(value, vr, decode) }
}

const sequence = (items: readonly Item[], buffer: Buffer, decode: Decode): JsonAttribute => ({
  vr: 'SQ',
  ...(items.length > 0 && {
    Value: items.map(({ elements, encoding }) =>
      model({ elements, buffer, encoding }, decode, undefined),
    ),
  }),
})

const BINARY: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN'])
/** Text that is never split at a backslash (PS3.5 Table 6.2-1). */
const SINGLE: ReadonlySet<string> = new Set(['LT', 'ST', 'UR', 'UT'])
/** VRs in the data set's character set (PS3.5 6.1.2.3). */
const WRITTEN: ReadonlySet<string> = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT'])

function textsIn(value: Buffer, vr: string, decode: Decode): readonly JsonValue[] {
  const all = (WRITTEN.has(vr) ? decode : decodeDefault)(value)
  const texts = SINGLE.has(vr) ? [all] : all.split('\\')
  return texts.map((text) => {
    const trimmed = SINGLE.has(vr) ? text.replace(/[\0 ]+$/, '') : text.replaceAll('\0', '').trim()
    if (trimmed === '') return null
    if (vr === 'PN') return personName(trimmed)
    // PS3.18 F.2.3.1 allows a text where the number is not one.
    const number = vr === 'DS' || vr === 'IS' ? Number(trimmed) : NaN
    return Number.isFinite(number) ? number : trimmed
  })
}

function personName(text: string): PersonName {
  const [alphabetic = '', ideographic = '', phonetic = ''] = text.split('=')
  return {
    ...(alphabetic !== '' && { Alphabetic: alphabetic }),
    ...(ideographic !== '' && { Ideographic: ideographic }),
    ...(phonetic !== '' && { Phonetic: phonetic }),
  }
}

interface NumberReader {
  readonly size: 2 | 4 | 8
  readonly read: (buffer: Buffer, at: number, isBig: boolean) => number | bigint
}

const NUMBERS: Readonly<Record<string, NumberReader | undefined>> = {
  US: { size: 2, read: (b, at, big) => (big ? b.readUInt16BE(at) : b.readUInt16LE(at)) },
  SS: { size: 2, read: (b, at, big) => (big ? b.readInt16BE(at) : b.readInt16LE(at)) },
  UL: { size: 4, read: (b, at, big) => (big ? b.readUInt32BE(at) : b.readUInt32LE(at)) },
  SL: { size: 4, read: (b, at, big) => (big ? b.readInt32BE(at) : b.readInt32LE(at)) },
  FL: { size: 4, read: (b, at, big) => (big ? b.readFloatBE(at) : b.readFloatLE(at)) },
  FD: { size: 8, read: (b, at, big) => (big ? b.readDoubleBE(at) : b.readDoubleLE(at)) },
  UV: { size: 8, read: (b, at, big) => (big ? b.readBigUInt64BE(at) : b.readBigUInt64LE(at)) },
  SV: { size: 8, read: (b, at, big) => (big ? b.readBigInt64BE(at) : b.readBigInt64LE(at)) },
}

function numbers(
  value: Buffer,
  { bigEndian }: Encoding,
  { size, read }: NumberReader,
): readonly JsonValue[] {
  return Array.from({ length: Math.floor(value.length / size) }, (_, i) => {
    const number = read(value, i * size, bigEndian)
    if (typeof number === 'bigint') {
      const near = Number(number)
      return Number.isSafeInteger(near) ? near : String(number)
    }
    // JSON has no NaN and no infinity (PS3.18 F.2.7).
    return Number.isFinite(number) ? number : null
  })
}

const tagsIn = (value: Buffer, { bigEndian }: Encoding): readonly string[] =>
  Array.from({ length: Math.floor(value.length / 4) }, (_, i) => {
    const half = (at: number) => (bigEndian ? value.readUInt16BE(at) : value.readUInt16LE(at))
    const word = half(4 * i) * 0x10000 + half(4 * i + 2)
    return word.toString(16).toUpperCase().padStart(8, '0')
  })
