/** An event of the ledger in words: who, what, where from, why. */
import { shapeOf } from '../../../ledger/browser.js'
import type { EventAnswer } from '../../../protocol/http/audit.js'

const OUTCOMES: Readonly<Record<number, string>> = {
  0: '',
  4: 'failed',
  8: 'failed seriously',
  12: 'failed: major',
}

export const outcomeOf = ({ entry }: EventAnswer): string =>
  OUTCOMES[entry.outcome] ?? `outcome ${entry.outcome}`

export const titleOf = ({ entry }: EventAnswer): string => shapeOf(entry.type).title

export const whatOf = (event: EventAnswer): string =>
  [titleOf(event), outcomeOf(event)].filter(Boolean).join(', ')

/** `reader-1 (reader)` */
export function whoOf({ entry: { actor } }: EventAnswer): string {
  return actor.role === undefined || actor.role === actor.id
    ? actor.id
    : `${actor.id} (${actor.role})`
}

/** Network address; what the gateway does itself comes from nowhere. */
export const whereFromOf = ({ entry: { actor } }: EventAnswer): string =>
  actor.address ?? (actor.method === 'site' ? "the gateway's machine" : '')

/** Case code, and item; otherwise the transfer. */
export function aboutOf({ entry }: EventAnswer): string {
  const code = textOf(entry.detail?.code)
  const isCode = CASE_CODE.test(code)
  const item = entry.item === undefined ? '' : entry.item === 0 ? 'manifest' : `item ${entry.item}`
  const of = isCode ? code : (entry.transfer ?? textOf(entry.detail?.principal))
  return [of, item].filter(Boolean).join(', ')
}

const CASE_CODE = /^[0-9A-Z]{3}-[0-9A-Z]{3,}$/

/** Members of `detail` that say why, in the order in which they are shown. */
const REASONS = ['reason', 'rule', 'code', 'question', 'what', 'list'] as const

const PURPOSES: Readonly<Record<string, string>> = { TREAT: 'treatment', HCOMPL: 'compliance' }

/** The recorded reason or rule, whether it was outside duty hours, and the purpose. */
export function whyOf({ entry }: EventAnswer): string {
  const detail = entry.detail ?? {}
  const query = isObject(detail.query) ? detail.query : {}
  const reasons = REASONS.map((name) => textOf(detail[name] ?? query[name])).filter(
    (text) => text !== '' && !CASE_CODE.test(text),
  )
  const { purpose } = shapeOf(entry.type)
  return [
    ...new Set(reasons),
    detail.duty === 'outside' ? 'outside duty hours' : '',
    purpose === undefined ? '' : (PURPOSES[purpose] ?? ''),
  ]
    .filter(Boolean)
    .join('; ')
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
