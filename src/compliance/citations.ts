/**
 * The law as data: the rows of the OCR audit protocol (HHS, updated July 2018), and Appendix A to
 * Subpart C of Part 164 with its flags. US government text; two errors in the protocol are
 * corrected, each with a note in its row.
 */
import { readFileSync } from 'node:fs'

export type Audit = 'privacy' | 'security' | 'breach'
/** Required, addressable or neither: 45 CFR 164.306(d). */
export type Flag = 'R' | 'A' | ''

export interface ProtocolRow {
  /** Such as `S-07`: the letter of the audit, and the row's number in it. */
  readonly id: string
  readonly audit: Audit
  /** As printed in the protocol. */
  readonly section: string
  /** The citations that it concerns, without the section sign. */
  readonly cites: readonly string[]
  readonly keyActivity: string
  readonly criteria: string
  readonly inquiry: string
  readonly ra: Flag
  readonly note?: string
}

export interface Standard {
  readonly group: 'administrative' | 'physical' | 'technical' | 'organizational' | 'documentation'
  readonly cite: string
  readonly title: string
  /** Null for a standard with implementation specifications, which carry the flags. */
  readonly flag: Flag | null
  readonly specs: readonly { readonly cite: string; readonly title: string; readonly flag: Flag }[]
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./data/${name}.json`, import.meta.url), 'utf8'))

let rows: readonly ProtocolRow[] | undefined
let standards: readonly Standard[] | undefined

/** 89 rows of the privacy audit, 72 of the security audit, 19 of the breach notification audit. */
export const protocolRows = (): readonly ProtocolRow[] =>
  (rows ??= read('audit-protocol') as readonly ProtocolRow[])

export const securityRule = (): readonly Standard[] =>
  (standards ??= read('security-rule') as readonly Standard[])
