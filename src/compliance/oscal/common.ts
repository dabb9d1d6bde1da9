/**
 * Common to all OSCAL documents: version, metadata, IDs. The models are NIST's OSCAL 1.2.1
 * (pages.nist.gov/OSCAL).
 */
import { createHash } from 'node:crypto'
import type { Json } from '../../lib/json.js'
import { protocolRows } from '../citations.js'

export const OSCAL_VERSION = '1.2.1'

/** The `ns` of properties that NIST does not define. */
export const NAMESPACE = 'https://nocturne.example/ns/oscal'

export type Members = Readonly<Record<string, Json | undefined>>

/**
 * IDs are derived from this namespace (RFC 9562 section 5.5), so a name has the same ID in every
 * document.
 */
const ROOT = Buffer.from('7d1e0f5a3c9b4e52a1c86f0b2d94e713', 'hex')

export function uuidOf(...names: readonly string[]): string {
  const hash = createHash('sha1').update(ROOT).update(names.join('\u0000')).digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = hash.toString('hex').slice(0, 32)
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** `164.308(a)(1)(ii)(D)` → `hipaa-164.308-a-1-ii-D`. */
export const controlIdOf = (cite: string): string =>
  `hipaa-${cite.replaceAll(')', '').replaceAll('(', '-')}`

export const statementIdOf = (cite: string): string => `${controlIdOf(cite)}_smt`
export const objectiveIdOf = (cite: string): string => `${controlIdOf(cite)}_obj`

export const metadata = (title: string, at: string, version: string, more: Members = {}): Json => ({
  title,
  'last-modified': at,
  version,
  'oscal-version': OSCAL_VERSION,
  ...more,
})

export const prop = (name: string, value: string): Json => ({
  name,
  ns: NAMESPACE,
  value: line(value),
})

/** OSCAL strings are single lines without leading or trailing spaces. */
export const line = (text: string): string => text.replace(/\s+/g, ' ').trim() || 'none'

/** Rows of the security audit, whose first citation is a control in the catalog. */
export const securityRows = () => protocolRows().filter(({ audit }) => audit === 'security')
