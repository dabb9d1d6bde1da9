/** Who took part in an event, and its outcome, for both standards. */
import { CATALOGUE } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import type { Actor, LedgerEntry } from '../log/events.js'
import type { Shape } from './shapes.js'

export type FlowRole = '110152' | '110153'

export interface Flow {
  readonly actor: FlowRole
  readonly gateway: FlowRole
}

/** PS3.16 CID 402: which side is the source and which the destination. */
export function flowOf({ flow }: Shape): Flow | undefined {
  if (flow === 'in') return { actor: '110153', gateway: '110152' }
  if (flow === 'out') return { actor: '110152', gateway: '110153' }
  return undefined
}

/**
 * The client's address, with IPv4-mapped IPv6 addresses written as IPv4; undefined when it is not
 * an address.
 */
export function addressOf({ address }: Pick<Actor, 'address'>): string | undefined {
  if (address === undefined) return undefined
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return isAddress(plain) ? plain.toLowerCase() : undefined
}

/** Uses no Node modules, because browsers that verify an export run it. */
const isAddress = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text)
    ? text.split('.').every((part) => Number(part) <= 255)
    : /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`)

/** A principal of the configuration, not the gateway itself or an unidentified client. */
export const isPerson = ({ role }: Actor): boolean => role !== 'system' && role !== 'anonymous'

const OUTCOMES = {
  0: 'success',
  4: 'minor failure',
  8: 'serious failure',
  12: 'major failure',
} as const

/** Why the event did not succeed, in the catalogue's words; undefined for a success. */
export function outcomeText({ outcome, detail = {} }: LedgerEntry): string | undefined {
  if (outcome === 0) return undefined
  const { code } = detail
  return typeof code === 'string' && isCode(code) ? CATALOGUE[code].title : OUTCOMES[outcome]
}

const isCode = (code: string): code is Code => Object.hasOwn(CATALOGUE, code)
