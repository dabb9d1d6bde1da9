/** The data dictionary of PS3.6 (Table 6-1), read once when the process starts. */
import { cached } from '../../lib/cached.js'
import { TABLE } from './table.js'

export interface Attribute {
  /** The first one where the standard lists several (`US or SS`). */
  readonly vr: string
  readonly keyword: string
  /** The tag in hex, such as `00100010`. */
  readonly id: string
  /** Its index in ATTRIBUTES. */
  readonly index: number
}

const attributes = new Map<number, Attribute>()
const tagsByKeyword = new Map<string, number>()
for (const line of TABLE.trim().split('\n')) {
  const [id = '', vr = '', keyword = ''] = line.split(' ')
  const tag = parseInt(id, 16)
  attributes.set(tag, { vr: vr.slice(0, 2), keyword, id, index: attributes.size })
  tagsByKeyword.set(keyword, tag)
}

/** Attributes to which PS3.6 assigns exactly one tag, in the order of the file. */
export const ATTRIBUTES: readonly (readonly [tag: number, attribute: Attribute])[] = [...attributes]

let lastTag = -1
let last: Attribute | undefined

/**
 * Undefined when PS3.6 does not list the tag. The last result is cached, because callers ask
 * several questions about the same element in a row.
 */
export function attributeOf(tag: number): Attribute | undefined {
  if (tag !== lastTag) {
    last = attributes.get(tag)
    lastTag = tag
  }
  return last
}

/** VR of a standard attribute, or undefined when PS3.6 does not list the tag. */
export const vrOf = (tag: number): string | undefined => attributeOf(tag)?.vr

/** `PatientName`, or undefined when PS3.6 does not list the tag. */
export const keywordOf = (tag: number): string | undefined => attributeOf(tag)?.keyword

/** The keyword of the attribute at a path such as `00081140[0].00081155`. */
export const keywordAt = (path: string): string | undefined =>
  keywordOf(parseInt(path.slice(-8), 16))

/** Tags of all attributes with this VR. */
export const tagsOf = (vr: string): readonly number[] =>
  ATTRIBUTES.filter(([, attribute]) => attribute.vr === vr).map(([tag]) => tag)

/** The tag of a keyword such as `PatientName`. */
export const tagOf = (keyword: string): number | undefined => tagsByKeyword.get(keyword)

/**
 * The TM that belongs to a DA, or the reverse, matched by keyword (`StudyDate`, `StudyTime`): Annex
 * E requires both to be shifted as one instant.
 */
export const partnerOf = (tag: number): number | undefined => partners.get(tag)

function findPartner(own: Attribute): number | undefined {
  const [from, to, vr] = own.vr === 'DA' ? ['Date', 'Time', 'TM'] : ['Time', 'Date', 'DA']
  const partner = tagsByKeyword.get(own.keyword.replace(from, to))
  return partner !== undefined && attributes.get(partner)?.vr === vr ? partner : undefined
}

const partners = new Map<number, number>()
for (const [tag, own] of attributes) {
  const partner = own.vr === 'DA' || own.vr === 'TM' ? findPartner(own) : undefined
  if (partner !== undefined) partners.set(tag, partner)
}

/** The tag in hex, such as `00100010`. */
export const hex = (tag: number): string => attributeOf(tag)?.id ?? unlistedInHex(tag)

const BYTES = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).toUpperCase().padStart(2, '0'),
)
const byteInHex = (byte: number): string => BYTES[byte & 0xff] ?? ''
const inHex = (tag: number): string =>
  byteInHex(tag >>> 24) + byteInHex(tag >>> 16) + byteInHex(tag >>> 8) + byteInHex(tag)

/** Cache size: a scanner writes the same hundred or so private elements into every file. */
const UNLISTED = 4096
const unlistedInHex = cached(inHex, UNLISTED)

export const groupOf = (tag: number): number => tag >>> 16
export const isPrivate = (tag: number): boolean => (tag & 0x10000) !== 0
