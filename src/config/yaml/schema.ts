import { z } from 'zod'
import { parseDatabase } from './database.js'
import { doorsSchema, intakeSchema } from './doors-schema.js'
import { parseDutyDate, parseWeekly } from '../duty.js'
import type { Limits } from '../site-config.js'
import { LIMIT_RULES, parseBytes } from '../limits.js'
import type { LimitRule } from '../limits.js'
import { isOrigin, parseListen } from '../listen.js'
import { parseSinkUrl } from '../sink-url.js'
import { casesSchema, parseClockKey, parseStep, parseTargets } from '../night.js'
import { isTimezone } from '../timezone.js'

/**
 * nocturne.yaml as written: paths relative, names unresolved. Messages given here are the second
 * half of a sentence that begins with the path; what to write instead stands in `expectations.ts`.
 */

/** Ids of facilities, groups and people: safe in file names, addresses and logs without quoting. */
export const ID_FORM = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Actors and recipients that the ledger names without their being in the configuration. */
export const RESERVED_IDS: ReadonlySet<string> = new Set([
  'anonymous',
  'gateway',
  'recovery',
  'site',
  'system',
])

/**
 * What a gateway may be called: it is part of the ledger's origin and of key names
 * (c2sp.org/signed-note).
 */
export const GATEWAY_NAME_FORM = /^(?=.{1,120}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/

const id = z
  .string()
  .regex(ID_FORM, 'is not an id')
  .refine((text) => !RESERVED_IDS.has(text), 'is a name that the ledger keeps for itself')
const reference = z.string().regex(ID_FORM, 'is not an id')
const path = z
  .string()
  .min(1, 'is empty')
  .max(1_024, 'is too long for a path')
  .refine((text) => !text.includes('\0'), 'is not a path')

/** One, or a list. */
const certificatePaths = z
  .union([path, z.array(path).nonempty('is empty').max(8, 'names more than 8')])
  .transform((paths): readonly string[] => (typeof paths === 'string' ? [paths] : paths))

const listen = z.string().transform((text, context) => {
  const parsed = parseListen(text)
  if (typeof parsed !== 'string') return parsed
  context.addIssue({ code: 'custom', message: parsed })
  return z.NEVER
})

const database = z.string().transform((text, context) => {
  const parsed = parseDatabase(text)
  if (typeof parsed !== 'string') return parsed
  context.addIssue({ code: 'custom', message: parsed })
  return z.NEVER
})

export const gatewayFields = {
  name: z.string().regex(GATEWAY_NAME_FORM, 'is not a host name in lower case'),
  listen,
  tls: z.strictObject({ cert: path, key: path }).optional(),
  origin: z.string().refine(isOrigin, 'is not an https origin').optional(),
}

export const facilityFields = {
  id,
  certificate: path,
  profile: path,
  groups: z.array(reference).min(1, 'names no group').max(1_000, 'names too many groups'),
  documents: z.enum(['pass', 'quarantine']).default('pass'),
  releasedBy: z.array(reference).min(1, 'names nobody').max(100, 'names too many').optional(),
  encryptedAttributes: certificatePaths.optional(),
}

const parsed = <T>(parse: (text: string) => T | undefined, problem: string) =>
  z.string().transform((text, context) => {
    const value = parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: problem })
    return z.NEVER
  })

/** One person's hours, as reader or as backup. */
const rosterSchema = z
  .strictObject({
    reader: reference.optional(),
    backup: reference.optional(),
    weekly: z
      .array(parsed(parseWeekly, 'is not days and hours'))
      .max(50, 'has too many entries')
      .default([]),
    dates: z
      .array(parsed(parseDutyDate, 'is not a date and hours'))
      .max(1_000, 'has too many entries')
      .default([]),
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

const dutySchema = z.strictObject({
  roster: z.array(rosterSchema).max(500, 'has too many entries').default([]),
  weekly: z
    .array(parsed(parseWeekly, 'is not days and hours'))
    .max(50, 'has too many entries')
    .default([]),
  dates: z
    .array(parsed(parseDutyDate, 'is not a date and hours'))
    .max(1_000, 'has too many entries')
    .refine((all) => new Set(all.map(({ date }) => date)).size === all.length, 'names a date twice')
    .default([]),
})

export const groupFields = {
  id,
  timezone: z.string().refine(isTimezone, 'is not an IANA time zone'),
  readers: z.array(reference).min(1, 'has no readers').max(1_000, 'has too many readers'),
  duty: dutySchema.optional(),
  clock: clockSchema.default([]),
  escalate: z
    .array(parsed(parseStep, 'is not a time and whom to tell'))
    .max(20, 'has too many steps')
    .default([]),
}

export const personFields = {
  id,
  role: z.enum(['sender', 'reader', 'officer', 'operator']),
  certificate: path,
  facility: reference.optional(),
  contact: z
    .strictObject({
      email: z
        .email('is not an e-mail address')
        .max(254, 'is too long for an e-mail address')
        .optional(),
    })
    .optional(),
}

export const notifySchema = z.strictObject({
  smtp: z
    .strictObject({
      host: z.string().min(1, 'is empty').max(253, 'is too long for a host'),
      port: z.int('is not a whole number').min(1, 'is too small').max(65_535, 'is too large'),
      secure: z.boolean().default(false),
      from: z.string().min(3, 'is not an address').max(254, 'is too long for an address'),
      user: z.string().min(1, 'is empty').max(254, 'is too long').optional(),
      passwordFile: path.optional(),
      ca: path.optional(),
    })
    .optional(),
  webhooks: z
    .array(
      z.strictObject({
        id,
        url: z.string().refine(isHook, 'is neither an https address nor on this machine'),
        secretFile: path,
      }),
    )
    .max(8, 'has too many webhooks')
    .default([]),
  push: z
    .strictObject({
      hosts: z
        .array(
          z
            .string()
            .regex(/^(\*\.)?[a-z0-9.-]+(:\d{1,5})?$/, 'is not a host')
            .max(253, 'is too long for a host'),
        )
        .max(50, 'has too many hosts'),
      subject: z.string().regex(/^(mailto:|https:\/\/)\S{3,250}$/, 'is not an address'),
    })
    .optional(),
})

/** c2sp.org/tlog-witness; the key is a verifier key, `NAME+ID+KEY`. */
export const witnessFields = {
  name: z.string().regex(ID_FORM, 'is not an id'),
  url: z.string().refine(isEndpoint, 'is not an http(s) address'),
  key: z.string().regex(/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/, 'is not a verifier key'),
}

/** Where the ledger is forwarded to. */
export const sinkFields = {
  id,
  url: z.string().transform((text, context) => {
    const parsed = parseSinkUrl(text)
    if (typeof parsed !== 'string') return parsed
    context.addIssue({ code: 'custom', message: parsed })
    return z.NEVER
  }),
  format: z.enum(['dicom', 'fhir', 'json']).default('dicom'),
  ca: path.optional(),
  certificate: path.optional(),
  key: path.optional(),
}

/** Who looks for writing in images at risk, and whether an image without any may pass, marked. */
export const textDetectorSchema = z.strictObject({
  kind: z.enum(['tesseract', 'none']).default('tesseract'),
  clears: z.boolean().default(true),
  threads: z.int().min(1, 'is less than 1').max(64, 'is more than 64').default(1),
})

/** What becomes of a transfer or a claim that the compliance registers speak against. */
export const registersSchema = z.strictObject({
  enforce: z.enum(['warn', 'block']).default('warn'),
})

/** A folder for backups, and the certificate they are sealed to beside recovery. */
export const backupSchema = z.strictObject({ to: path, certificate: path.optional() })

const filesStore = z.strictObject({ kind: z.literal('files'), path })

export const s3Fields = {
  kind: z.literal('s3'),
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is not a bucket name'),
  region: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, 'is not a region'),
  endpoint: z.string().refine(isEndpoint, 'is not an http(s) address').optional(),
  forcePathStyle: z.boolean().optional(),
  prefix: z
    .string()
    .max(200, 'is too long')
    .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'is not a prefix')
    .optional(),
}

export const storeSchema = z.discriminatedUnion('kind', [filesStore, z.strictObject(s3Fields)])

const limit = ({ unit, standard, min, max }: LimitRule) =>
  z
    .union([z.number(), z.string()])
    .transform((value) => (typeof value === 'number' ? value : readLimit(value, unit)))
    .pipe(z.int('is not a whole number').min(min, 'is too small').max(max, 'is too large'))
    .default(standard)

const readLimit = (text: string, unit: LimitRule['unit']) =>
  (unit === 'bytes' ? parseBytes(text) : /^\d{1,9}$/.test(text) ? Number(text) : undefined) ?? NaN

export const limitFields = {
  itemBytes: limit(LIMIT_RULES.itemBytes),
  headerBytes: limit(LIMIT_RULES.headerBytes),
  requestItems: limit(LIMIT_RULES.requestItems),
  transferItems: limit(LIMIT_RULES.transferItems),
  transferBytes: limit(LIMIT_RULES.transferBytes),
  archiveEntries: limit(LIMIT_RULES.archiveEntries),
  archiveRatio: limit(LIMIT_RULES.archiveRatio),
  archiveDepth: limit(LIMIT_RULES.archiveDepth),
  idleSeconds: limit(LIMIT_RULES.idleSeconds),
  uploads: limit(LIMIT_RULES.uploads),
  failuresPerMinute: limit(LIMIT_RULES.failuresPerMinute),
} satisfies Record<keyof Limits, z.ZodType>

export const limitsSchema = z.strictObject(limitFields)

export const keysSchema = z.strictObject({
  allowRsa2048: z.boolean().default(false),
  fips: z.boolean().default(false),
})

export const topFields = {
  database,
  recovery: path,
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
}

/** Six years at least: 45 CFR 164.316(b)(2)(i). */
export const ledgerSchema = z.strictObject({
  retention: z
    .strictObject({
      years: z
        .int('is not a whole number')
        .min(6, 'is less than six years')
        .max(100, 'is too large')
        .default(7),
    })
    .prefault({}),
  review: z
    .strictObject({
      days: z
        .int('is not a whole number')
        .min(1, 'is too small')
        .max(366, 'is too large')
        .default(7),
    })
    .prefault({}),
})

export const siteSchema = z.strictObject({
  gateway: z.strictObject(gatewayFields),
  ...topFields,
  store: storeSchema,
  facilities: z
    .array(z.strictObject(facilityFields))
    .min(1, 'has no facility yet')
    .max(1_000, 'has too many facilities'),
  groups: z
    .array(z.strictObject(groupFields))
    .min(1, 'has no group yet')
    .max(1_000, 'has too many groups'),
  people: z
    .array(z.strictObject(personFields))
    .min(1, 'has nobody yet')
    .max(10_000, 'has too many people'),
  keys: keysSchema.prefault({}),
  witnesses: z
    .array(z.strictObject(witnessFields))
    .max(32, 'has too many witnesses')
    .refine(
      (all) => new Set(all.map(({ name }) => name)).size === all.length,
      'names a witness twice',
    )
    .default([]),
  ledger: ledgerSchema.prefault({}),
  sinks: z
    .array(
      z
        .strictObject(sinkFields)
        .refine(
          ({ certificate, key }) => (certificate === undefined) === (key === undefined),
          'names one of certificate and key without the other',
        ),
    )
    .max(16, 'has too many sinks')
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'names a sink twice')
    .default([]),
  textDetector: textDetectorSchema.optional(),
  doors: doorsSchema.prefault({}),
  intake: intakeSchema.prefault({}),
  registers: registersSchema.prefault({}),
  backup: backupSchema.optional(),
  limits: limitsSchema.prefault({}),
  cases: casesSchema.prefault({}),
  notify: notifySchema.prefault({}),
})

export type SiteFile = z.output<typeof siteSchema>

/**
 * Notices hold no PHI, and say when which facility has urgent studies: that is for nobody on the
 * way to read.
 */
function isHook(text: string): boolean {
  if (!isEndpoint(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

function isEndpoint(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && !url.username && !url.password
}
