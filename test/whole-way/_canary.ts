/**
 * Planted identifiers to be searched for. They are random, so that nothing else can contain them,
 * and each belongs to one place, so that a find shows where it came from.
 */
import { randomInt } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../src/lib/errors.js'

export interface Canary {
  /** Where it was planted, for the report. */
  readonly place: string
  readonly text: string
}

export interface Find {
  readonly canary: Canary
  readonly encoding: string
  readonly where: string
}

const letters = (count: number, from = 'BCDFGHJKLMNPQRSTVWXZ'): string =>
  Array.from({ length: count }, () => from.charAt(randomInt(from.length))).join('')

export class Canaries {
  readonly #all: Canary[] = []

  get all(): readonly Canary[] {
    return this.#all
  }

  /** Twelve letters, for part of a name. */
  name(place: string): string {
    return this.#plant(place, letters(12))
  }

  /** Two letters and twelve digits, for a patient's ID or an accession number. */
  id(place: string): string {
    return this.#plant(place, letters(2) + letters(12, '0123456789'))
  }

  /** Fourteen digits: a telephone number, or a component of a UID. */
  number(place: string): string {
    return this.#plant(place, letters(14, '123456789'))
  }

  /** A day from 1900 to 1919, as YYYYMMDD, which no clock of this machine shows. */
  date(place: string): string {
    const two = (least: number, most: number) => String(randomInt(least, most)).padStart(2, '0')
    return this.#plant(place, `19${two(0, 20)}${two(1, 13)}${two(1, 29)}`)
  }

  #plant(place: string, text: string): string {
    this.#all.push({ place, text })
    return text
  }
}

/**
 * The text as UTF-8 in three cases, UTF-16 in both byte orders, base64 and base64url at each of the
 * three alignments, hex, and percent-encoded.
 */
export function encodingsOf(text: string): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>([
    ['utf-8', Buffer.from(text)],
    ['utf-8 lower case', Buffer.from(text.toLowerCase())],
    ['utf-8 upper case', Buffer.from(text.toUpperCase())],
    ['utf-16le', Buffer.from(text, 'utf16le')],
    ['utf-16be', Buffer.from(text, 'utf16le').swap16()],
    ['hex', Buffer.from(Buffer.from(text).toString('hex'))],
    ['HEX', Buffer.from(Buffer.from(text).toString('hex').toUpperCase())],
    ['percent', Buffer.from(Buffer.from(text).toString('hex').replace(/../g, '%$&'))],
  ])
  for (const alignment of [0, 1, 2]) {
    const bytes = Buffer.concat([Buffer.alloc(alignment), Buffer.from(text)])
    // Only characters whose six bits all belong to the text.
    const from = Math.ceil((alignment * 8) / 6)
    const until = Math.floor((bytes.length * 8) / 6)
    for (const kind of ['base64', 'base64url'] as const) {
      found.set(`${kind} +${alignment}`, Buffer.from(bytes.toString(kind).slice(from, until)))
    }
  }
  return found
}

export interface Haystack {
  readonly where: string
  readonly bytes: Buffer
}

/**
 * Searches for all canaries in one pass over the bytes: needles are found by their first four
 * octets.
 */
export function search(canaries: readonly Canary[], haystacks: readonly Haystack[]): Find[] {
  const needles = new Map<number, { canary: Canary; encoding: string; needle: Buffer }[]>()
  const isFirst = new Uint8Array(1 << 24)
  for (const canary of canaries) {
    for (const [encoding, needle] of encodingsOf(canary.text)) {
      const first = needle.readUInt32BE(0)
      isFirst[slotOf(first)] = 1
      needles.set(first, [...(needles.get(first) ?? []), { canary, encoding, needle }])
    }
  }
  const finds = new Map<string, Find>()
  for (const { where, bytes } of haystacks) {
    let last = 0
    for (let at = 0; at < bytes.length; at++) {
      last = ((last << 8) | (bytes[at] ?? 0)) >>> 0
      if (isFirst[slotOf(last)] !== 1) continue
      const start = at - 3
      for (const { canary, encoding, needle } of needles.get(last) ?? []) {
        if (start < 0 || !bytes.subarray(start, start + needle.length).equals(needle)) continue
        finds.set([canary.text, encoding, where].join('\0'), { canary, encoding, where })
      }
    }
  }
  return [...finds.values()]
}

const slotOf = (octets: number): number => Math.imul(octets, 0x9e3779b1) >>> 8

/**
 * A running gateway renames its temporary files during the search: a file that has disappeared is
 * found under its new name.
 */
async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

/** Every file under the folder, and the names of files and folders themselves. */
export async function folderBytes(dir: string): Promise<Haystack[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const names = entries.map((entry) => join(entry.parentPath, entry.name).slice(dir.length))
  return [
    { where: `names in ${dir}`, bytes: Buffer.from(names.join('\n')) },
    ...(await Promise.all(
      files.map(async (entry) => {
        const path = join(entry.parentPath, entry.name)
        return { where: path, bytes: await readIfThere(path) }
      }),
    )),
  ]
}

export const describeFinds = (finds: readonly Find[]): string[] => [
  ...new Set(
    finds.map(({ canary, encoding, where }) => `${canary.place} as ${encoding} in ${where}`),
  ),
]
