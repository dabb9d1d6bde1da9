/** Facilities, reading groups with their duty, and people, as nocturne.yaml has them. */
import { z } from 'zod'
import { REQUISITION_FIELDS } from '../../protocol/words.js'
import { PERSON_ROLES } from '../../protocol/roles.js'
import { parseDutyDate, parseWeekly } from '../duty.js'
import type { WeeklyDuty } from '../duty.js'
import { parseClockKey, parseDuration, parseStep, parseTargets } from '../night.js'
import { isTimezone } from '../timezone.js'
import { CRITICAL_WITHIN_MS } from '../../protocol/critical.js'
import type { CriticalLevel } from '../../protocol/critical.js'
import { aeTitle } from './doors-schema.js'
import { id, isPrivateEndpoint, listen, parsed, path, reference } from './fields.js'

/** SHA-256 of a certificate, as OpenSSL prints it or without colons. */
const thumbprint = z
  .string()
  .transform((text) => text.replaceAll(':', '').toLowerCase())
  .refine((text) => /^[0-9a-f]{64}$/.test(text), 'is not a SHA-256 fingerprint')

/** One, or a list. */
const certificatePaths = z
  .union([path, z.array(path).nonempty('is empty').max(8, 'names more than 8')])
  .transform((paths): readonly string[] => (typeof paths === 'string' ? [paths] : paths))

const timezone = z.string().refine(isTimezone, 'is not an IANA time zone')

const within = (level: CriticalLevel) =>
  parsed(parseDuration, 'is not a duration')
    .refine((ms) => ms >= 60_000, 'is too short')
    .default(CRITICAL_WITHIN_MS[level])

export const criticalFields = {
  contacts: z.array(reference).min(1, 'names nobody').max(20, 'names too many people'),
  failSafe: reference.optional(),
  minutes: within('minutes'),
  hours: within('hours'),
  days: within('days'),
}

export const priorsFields = {
  aeTitle: aeTitle.optional(),
  address: listen.optional(),
  url: z
    .string()
    .max(1_000, 'is too long')
    .refine(isPrivateEndpoint, 'is neither https nor http to this machine')
    .optional(),
  authorizationFile: path.optional(),
  ca: path.optional(),
  studies: z.int('is not a whole number').min(1, 'is too small').max(20, 'is too large').default(3),
  years: z.int('is not a whole number').min(1, 'is too small').max(50, 'is too large').default(5),
  same: z
    .array(z.enum(['region', 'modality']))
    .max(2, 'names too much')
    .default(['region']),
}

/** Asked either by DIMSE or by DICOMweb. */
const priorsSchema = z
  .strictObject(priorsFields)
  .refine(
    ({ aeTitle: title, address, url }) =>
      url === undefined
        ? title !== undefined && address !== undefined
        : title === undefined && address === undefined,
    'names neither aeTitle and address of a PACS nor its url, or both',
  )

export const facilityFields = {
  id,
  certificate: path,
  profile: path,
  groups: z.array(reference).min(1, 'names no group').max(1_000, 'names too many groups'),
  documents: z.enum(['pass', 'quarantine']).default('pass'),
  documentTypes: z
    .array(z.string().regex(/^[a-z]+\/(?:\*|[a-z0-9][a-z0-9.+-]{0,100})$/, 'is not a media type'))
    .min(1, 'names no type')
    .max(100, 'names too many types')
    .optional(),
  clientCertificates: z
    .array(thumbprint)
    .min(1, 'names no certificate')
    .max(32, 'names too many certificates')
    .optional(),
  releasedBy: z.array(reference).min(1, 'names nobody').max(100, 'names too many').optional(),
  edges: z.array(reference).min(1, 'names nobody').max(100, 'names too many').optional(),
  encryptedAttributes: certificatePaths.optional(),
  critical: z.strictObject(criticalFields).optional(),
  requisition: z
    .array(z.enum(REQUISITION_FIELDS))
    .max(REQUISITION_FIELDS.length, 'names too many')
    .optional(),
  timezone: timezone.optional(),
  priors: priorsSchema.optional(),
}

/** Hours of every week, and of single days. */
const hours = {
  weekly: z
    .array(parsed(parseWeekly, 'is not days and hours'))
    .max(50, 'has too many entries')
    .default([]),
  dates: z
    .array(parsed(parseDutyDate, 'is not a date and hours'))
    .max(1_000, 'has too many entries')
    .default([]),
}

/** One person's hours, as reader or as backup. */
const rosterSchema = z
  .strictObject({
    reader: reference.optional(),
    backup: reference.optional(),
    ...hours,
  })
  .refine(
    ({ reader, backup }) => (reader === undefined) !== (backup === undefined),
    'names neither a reader nor a backup, or both',
  )

const clockSchema = z
  .record(
    z.string().refine((key) => parseClockKey(key) !== undefined, 'is not a priority'),
    parsed(parseTargets, 'is not a list of targets'),
  )
  .transform((all) =>
    Object.entries(all).flatMap(([key, targets]) => {
      const about = parseClockKey(key)
      return about ? targets.map((target) => ({ ...about, ...target })) : []
    }),
  )

const dutySchema = z
  .strictObject({
    roster: z.array(rosterSchema).max(500, 'has too many entries').default([]),
    sealTo: z.enum(['group', 'roster']).optional(),
    ...hours,
    dates: hours.dates.refine(
      (all) => new Set(all.map(({ date }) => date)).size === all.length,
      'names a date twice',
    ),
  })
  .refine(
    ({ sealTo, roster }) => sealTo !== 'roster' || roster.length > 0,
    'seals to a roster that names nobody',
  )

export const groupFields = {
  id,
  timezone,
  readers: z.array(reference).min(1, 'has no readers').max(1_000, 'has too many readers'),
  duty: dutySchema.optional(),
  coordinators: z.array(reference).min(1, 'names nobody').max(100, 'names too many').optional(),
  clock: clockSchema.default([]),
  escalate: z
    .array(parsed(parseStep, 'is not a time and whom to tell'))
    .max(20, 'has too many steps')
    .default([]),
}

/** Hours of which some are left: otherwise nothing would ever be sent. */
const quietSchema = z
  .strictObject({ timezone, ...hours })
  .refine(({ weekly }) => hasGap(weekly), 'leaves no hour of the week')

const WEEK_MINUTES = 7 * 1_440

function hasGap(weekly: readonly WeeklyDuty[]): boolean {
  const minutes = new Uint8Array(WEEK_MINUTES)
  for (const { days, spans } of weekly)
    for (const day of days)
      for (const { from, until } of spans)
        for (let at = from; at < until; at++) minutes[(day * 1_440 + at) % WEEK_MINUTES] = 1
  return minutes.includes(0)
}

export const personFields = {
  id,
  role: z.enum(PERSON_ROLES),
  certificate: path,
  facility: reference.optional(),
  contact: z
    .strictObject({
      email: z
        .email('is not an e-mail address')
        .max(254, 'is too long for an e-mail address')
        .optional(),
      quiet: quietSchema.optional(),
    })
    .optional(),
}
