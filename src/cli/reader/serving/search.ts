/** QIDO-RS (PS3.18 10.6): searches over the summaries of opened instances. */
import { tagOf } from '../../../dicom/dictionary/index.js'
import type { JsonAttribute, JsonModel, JsonValue } from '../../../dicom/json/index.js'
import { INSTANCE_TAGS, SERIES_TAGS, STUDY_TAGS } from './attributes.js'
import type { Instance } from './library.js'

export type Level = 'studies' | 'series' | 'instances'

/** Longest list that one search returns; `offset` gets the rest. */
const MOST = 5_000
const MODALITIES_IN_STUDY = '00080061'

/**
 * The matches, one entry for each study, series or instance.
 *
 * @param base URL of the service
 * @returns undefined for a query that is not valid
 */
export function search(
  instances: Iterable<Instance>,
  level: Level,
  query: URLSearchParams,
  base: string,
): readonly JsonModel[] | undefined {
  const asked = parseQuery(query)
  if (!asked) return undefined
  const found = grouped(instances, level).map((members) => entryOf(members, level, base))
  const matching = found.filter((entry) =>
    asked.keys.every(([tag, text]) => matches(entry[tag], text)),
  )
  return matching.slice(asked.offset, asked.offset + asked.limit)
}

/** Parameters that change nothing here: every entry has everything there is, matched as given. */
const IGNORED: ReadonlySet<string> = new Set([
  'includefield',
  'fuzzymatching',
  'emptyvaluematching',
])

function parseQuery(query: URLSearchParams) {
  const keys: (readonly [tag: string, text: string])[] = []
  const whole = (name: string, otherwise: number) => {
    const text = query.get(name)
    return text === null ? otherwise : /^\d{1,9}$/.test(text) ? Number(text) : NaN
  }
  const [limit, offset] = [whole('limit', MOST), whole('offset', 0)]
  if (Number.isNaN(limit) || Number.isNaN(offset)) return undefined
  for (const [name, text] of query) {
    if (name === 'limit' || name === 'offset' || IGNORED.has(name.toLowerCase())) continue
    const tag = /^[0-9A-Fa-f]{8}$/.test(name) ? name.toUpperCase() : hexOf(tagOf(name))
    if (tag === undefined) return undefined
    if (text !== '') keys.push([tag, text])
  }
  return { keys, limit: Math.min(limit, MOST), offset }
}

const hexOf = (tag: number | undefined): string | undefined =>
  tag?.toString(16).toUpperCase().padStart(8, '0')

function grouped(instances: Iterable<Instance>, level: Level): readonly Instance[][] {
  const groups = new Map<string, Instance[]>()
  for (const one of instances) {
    const key =
      level === 'studies'
        ? one.study
        : level === 'series'
          ? `${one.study} ${one.series}`
          : one.instance
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return [...groups.values()]
}

function entryOf(members: readonly Instance[], level: Level, base: string): JsonModel {
  const [first] = members
  if (!first) return {}
  const { study, series, instance, summary } = first
  const entry: JsonModel = { ...picked(summary, STUDY_TAGS) }
  const modalities = new Set(members.flatMap((one) => one.summary['00080060']?.Value ?? []))
  const distinct = (of: (one: Instance) => string) => new Set(members.map(of)).size
  entry['00080056'] = { vr: 'CS', Value: ['ONLINE'] }
  let url = `${base}/studies/${study}`
  if (level === 'studies') {
    entry[MODALITIES_IN_STUDY] = { vr: 'CS', Value: [...modalities] }
    entry['00201206'] = count(distinct((one) => one.series))
    entry['00201208'] = count(distinct((one) => one.instance))
  } else {
    Object.assign(entry, picked(summary, SERIES_TAGS))
    url += `/series/${series}`
    if (level === 'series') entry['00201209'] = count(distinct((one) => one.instance))
    else {
      Object.assign(entry, picked(summary, INSTANCE_TAGS))
      url += `/instances/${instance}`
    }
  }
  entry['00081190'] = { vr: 'UR', Value: [url] }
  return entry
}

const count = (value: number): JsonAttribute => ({ vr: 'IS', Value: [value] })

const picked = (from: JsonModel, tags: readonly string[]): JsonModel =>
  Object.fromEntries(
    tags.flatMap((tag) => {
      const attribute = from[tag]
      return attribute ? [[tag, attribute] as const] : []
    }),
  )

/** PS3.4 C.2.2.2: a list of UIDs, a range of dates or times, wild cards, or a single value. */
function matches(attribute: JsonAttribute | undefined, text: string): boolean {
  if (/^\*+$/.test(text)) return true
  const values = (attribute?.Value ?? []).map(textOf)
  switch (attribute?.vr) {
    case undefined:
      return false
    case 'UI':
      return values.some((value) => text.split(/[,\\]/).includes(value))
    case 'DA':
    case 'TM':
    case 'DT':
      return values.some((value) => isInRange(value, text))
    default: {
      const pattern = wildcard(text)
      return values.some((value) => pattern.test(value))
    }
  }
}

function textOf(value: JsonValue): string {
  if (value === null) return ''
  if (typeof value !== 'object') return String(value)
  const name: unknown = 'Alphabetic' in value ? value.Alphabetic : ''
  return typeof name === 'string' ? name : ''
}

function isInRange(value: string, text: string): boolean {
  const [from = '', until] = text.split('-')
  if (until === undefined) return value.startsWith(text)
  return value >= from && (until === '' || value.slice(0, until.length) <= until)
}

/** Sent by the reader's own viewer, and bounded: texts of attributes are short. */
function wildcard(text: string): RegExp {
  const parts = text
    .slice(0, 64)
    .replace(/\*+/g, '*')
    .split('')
    .map((sign) =>
      sign === '*' ? '.*' : sign === '?' ? '.' : sign.replace(/[\\^$.|+()[\]{}]/, '\\$&'),
    )
  return new RegExp(`^${parts.join('')}$`, 'isu')
}
