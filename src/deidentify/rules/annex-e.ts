/** PS3.15 Tables E.1-1 and E.3.10-1 as data, read once when the process starts. */
import { readFileSync } from 'node:fs'
import { groupOf } from '../../dicom/dictionary/index.js'

const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../tables/${name}`, import.meta.url), 'utf8'))

/** Entries in the option columns of Table E.1-1: K keep, C clean. */
export type ColumnAction = 'K' | 'C'

export interface ConfidentialityRow {
  readonly tag: number
  /** X, Z, D, U, or a combination of them. */
  readonly basic: string
  readonly columns: Readonly<Record<string, ColumnAction>>
}

/** Rows that name one tag. Private, curve and overlay groups have separate rules (see rules.ts). */
export const CONFIDENTIALITY: readonly ConfidentialityRow[] = (
  load('confidentiality.json') as [string, string, Record<string, ColumnAction>][]
)
  .filter(([id]) => /^[0-9A-F]{8}$/.test(id))
  .map(([id, basic, columns]) => ({ tag: parseInt(id, 16), basic, columns }))

/** A private element that Table E.3.10-1 lists as safe. */
export interface SafeElement {
  readonly vr: string
  /** `1`, `3-4`, `1-n`. */
  readonly vm: string
}

const safePrivate = new Map<string, SafeElement>()
const safeKey = (group: number, creator: string, element: number): string =>
  `${String(group)} ${String(element)} ${creator}`
for (const [group, creator, element, vr, vm] of load('safe-private.json') as string[][]) {
  const key = safeKey(parseInt(group ?? '', 16), creator ?? '', parseInt(element ?? '', 16))
  safePrivate.set(key, { vr: vr ?? '', vm: vm ?? '' })
}

/**
 * Identified by the creator of its block, never by number alone: two creators may use the same
 * number for different things.
 */
export const safeElementOf = (tag: number, creator: string): SafeElement | undefined =>
  safePrivate.get(safeKey(groupOf(tag), creator, tag & 0xff))
