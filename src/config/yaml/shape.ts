import type { z } from 'zod'
import {
  conditionFields,
  consequenceFields,
  dimseFields,
  mllpFields,
  mllpPeerFields,
  intakeFields,
  peerFields,
} from './doors-schema.js'
import { expectationOf, formatPath, shorten } from './expectations.js'
import type { SiteProblem } from '../site-config.js'
import { nearest } from './suggest.js'
import { criticalFields, priorsFields } from './parties-schema.js'
import { siteSchema } from './schema.js'
import type { SiteFile } from './schema.js'

type Issue = z.core.$ZodIssue

/**
 * Keys that indicate a credential where none is allowed. Their values are never read.
 */
const CREDENTIAL = /pass(word|phrase)?$|secret|token|credential|access_?key|private/i

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(siteSchema.shape),
  gateway: Object.keys(siteSchema.shape.gateway.shape),
  'gateway.tls': ['cert', 'key'],
  store: ['kind', 'path', 'bucket', 'region', 'endpoint', 'caFile', 'forcePathStyle', 'prefix'],
  'facilities[]': Object.keys(siteSchema.shape.facilities.element.shape),
  'facilities[].critical': Object.keys(criticalFields),
  'facilities[].priors': Object.keys(priorsFields),
  'groups[]': Object.keys(siteSchema.shape.groups.element.shape),
  'groups[].duty': ['weekly', 'dates', 'roster'],
  cases: ['claimMinutes', 'closeOn'],
  retention: ['closed', 'quarantine', 'reports'],
  notify: ['smtp', 'webhooks', 'push'],
  'people[]': Object.keys(siteSchema.shape.people.element.shape),
  doors: ['stow', 'dimse', 'mllp'],
  'doors.mllp': Object.keys(mllpFields),
  'doors.mllp.tls': ['cert', 'key'],
  'doors.mllp.peers[]': Object.keys(mllpPeerFields),
  'doors.dimse': Object.keys(dimseFields),
  'doors.dimse.tls': ['cert', 'key'],
  'doors.dimse.peers[]': Object.keys(peerFields),
  intake: Object.keys(intakeFields),
  'intake.rules[]': ['when', 'then'],
  'intake.rules[].when': Object.keys(conditionFields),
  'intake.rules[].then': Object.keys(consequenceFields),
  'intake.quiet': ['stat', 'urgent', 'routine'],
  ledger: Object.keys(siteSchema.shape.ledger.unwrap().shape),
  'ledger.retention': ['years'],
  'ledger.review': ['days'],
  keys: Object.keys(siteSchema.shape.keys.unwrap().shape),
  limits: Object.keys(siteSchema.shape.limits.unwrap().shape),
}

/**
 * Validates the site's file field by field: returns either the valid site or every error
 * separately.
 */
export function readShape(value: unknown): {
  readonly file: SiteFile | undefined
  readonly problems: readonly (SiteProblem & { readonly at: readonly PropertyKey[] })[]
} {
  const result = siteSchema.safeParse(value, { reportInput: true })
  if (result.success) return { file: result.data, problems: [] }
  return { file: undefined, problems: result.error.issues.flatMap(toProblems) }
}

function toProblems(issue: Issue) {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(issue.path, key))
  return [
    {
      at: issue.path,
      path: formatPath(issue.path) || 'nocturne.yaml',
      problem: wordsFor(issue),
      hint: hintFor(issue),
    },
  ]
}

/**
 * The message for an issue, without its place. Also used for the values of environment variables.
 */
export function wordsFor(issue: Issue): string {
  const { input } = issue
  if (input === undefined || isKindMissing(issue)) return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      // Only limits are numbers: this one is not an integer, or is text that is not a number.
      if (typeof input === 'number' && (issue.expected === 'int' || Number.isNaN(input)))
        return 'is not a whole number'
      return `is ${kindOf(input)}, not ${KINDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return 'is not one of the allowed words'
    case 'invalid_union':
      return issue.path.at(-1) === 'kind'
        ? 'is not one of the allowed words'
        : `is ${kindOf(input)}, which is not allowed here`
    default:
      return issue.message
  }
}

/**
 * The store's kind determines its other keys, so zod reports a union issue with the whole map as
 * input.
 */
function isKindMissing({ code, path, input }: Issue): boolean {
  if (code !== 'invalid_union' || path.at(-1) !== 'kind') return false
  return typeof input === 'object' && input !== null && !('kind' in input)
}

function hintFor(issue: Issue): string {
  const expected = expectationOf(issue.path)
  const { input } = issue
  if (issue.code === 'invalid_value' && typeof input === 'string') {
    const meant = nearest(input, issue.values.map(String))
    if (meant !== undefined) return `did you mean ${meant}? ${expected}`
  }
  return expected
}

function unknownKey(parent: readonly PropertyKey[], key: string) {
  const at = [...parent, key]
  const place = formatPath(parent).replace(/\[\d+\]/g, '[]')
  const known = FIELDS[place] ?? []
  const base = { at, path: formatPath(at) }
  if (CREDENTIAL.test(key))
    return {
      ...base,
      problem: 'is a credential, which is not allowed in YAML',
      hint: 'remove it here, treat it as compromised, and set a new one in the environment: NOCTURNE_S3_ACCESS_KEY_ID with NOCTURNE_S3_SECRET_ACCESS_KEY_FILE, or NOCTURNE_DATABASE_PASSWORD_FILE',
    }
  const meant = nearest(key, known)
  return {
    ...base,
    problem: 'is not a known key here',
    hint:
      meant === undefined
        ? `remove it; known keys: ${known.join(', ')}`
        : `did you mean ${shorten(meant)}?`,
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text (put it in quotes)',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
}

function kindOf(input: unknown): string {
  if (input === null) return 'empty'
  if (Array.isArray(input)) return 'a list'
  switch (typeof input) {
    case 'string':
      return 'text'
    case 'boolean':
      return 'true or false'
    case 'number':
      return 'a number'
    default:
      return 'a map'
  }
}
