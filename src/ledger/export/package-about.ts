/**
 * query.json in an export's ZIP: what was asked, by whom and when, and the check that the log
 * records the same. Uses no Node modules.
 */
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import type { LedgerCrypto } from '../verify/crypto.js'
import { PACKAGE_FORMAT } from '../verify/format.js'
import { parseFilters } from '../verify/match.js'
import type { Filters } from '../verify/match.js'
import { isPackageFormat } from './renderings.js'
import type { PackageFormat } from './renderings.js'
import { verifyReceipt } from '../verify/verify.js'

export interface About {
  readonly origin: string
  readonly rendering: PackageFormat
  readonly query: Filters
  readonly count: number
  readonly asked: {
    readonly by: string
    readonly role: string
    /** Time by the gateway's clock, RFC 3339. */
    readonly at: string
    /** Index of the `ledger.exported` event. */
    readonly event: number
  }
  /** Address at which the gateway was reached. */
  readonly source: string
  readonly versions: Readonly<Record<string, Json>>
}

/** Recorded in place of an ID that is not in the configuration. */
export const UNLISTED = '(not listed)'

/** Returns undefined for anything but a canonical query.json of a known format. */
export function parseAbout(text: string): About | undefined {
  const value = parseCanonical(text.replace(/\n$/, ''))
  if (!isObject(value) || value.format !== PACKAGE_FORMAT) return undefined
  const { origin, rendering, query, count, asked, source, versions } = value
  const filters = parseFilters(query)
  if (!filters || typeof origin !== 'string' || !isPackageFormat(rendering)) return undefined
  if (typeof count !== 'number' || !isObject(versions) || !isObject(asked)) return undefined
  if (typeof source !== 'string') return undefined
  const { by, role, at, event } = asked
  if (typeof by !== 'string' || typeof role !== 'string') return undefined
  if (typeof at !== 'string' || typeof event !== 'number') return undefined
  return {
    ...{ origin, rendering, query: filters, count, source, versions },
    asked: { by, role, at, event },
  }
}

/** Returns what is wrong when the event proved by the receipt does not record this export. */
export async function checkAsked(
  receipt: string,
  about: About,
  key: string,
  crypto: LedgerCrypto,
): Promise<string | undefined> {
  const { ok, index, entry, problem } = await verifyReceipt(receipt, key, crypto)
  if (!ok) return `in the export's own receipt: ${problem ?? ''}`
  const logged = parseCanonical(entry ?? '')
  const { actor, detail, time, type } = isObject(logged) ? logged : {}
  const isTold =
    type === 'ledger.exported' &&
    index === about.asked.event &&
    time === about.asked.at &&
    isObject(actor) &&
    actor.id === about.asked.by &&
    actor.role === about.asked.role &&
    isObject(detail) &&
    detail.format === about.rendering &&
    isSameQuery(detail.query, about.query)
  return isTold ? undefined : 'according to the log, a different export was requested'
}

/** The log records an ID only if it is in the configuration. */
function isSameQuery(logged: Json | undefined, query: Filters): boolean {
  const recorded = parseFilters(logged)
  if (!recorded) return false
  const unlisted = (name: 'actor' | 'facility') =>
    query[name] !== undefined && recorded[name] === UNLISTED ? { [name]: UNLISTED } : {}
  const expected = { ...query, ...unlisted('actor'), ...unlisted('facility') }
  return canonicalJson(asJson(expected)) === canonicalJson(asJson(recorded))
}

const asJson = (filters: Filters): Json => ({ ...filters })

function parseCanonical(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json
    return canonicalJson(value) === text ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
