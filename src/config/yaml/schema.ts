import { z } from 'zod'
import { parseDatabase } from './database.js'
import { doorsSchema, intakeSchema } from './doors-schema.js'
import type { Limits } from '../site-config.js'
import { LIMIT_RULES, parseBytes } from '../limits.js'
import type { LimitRule } from '../limits.js'
import { isNetwork, isOrigin, parseListen } from '../listen.js'
import { casesSchema, retentionSchema } from '../night.js'
import { GATEWAY_NAME_FORM, isPrivateEndpoint, listen, path, read } from './fields.js'
import { notifySchema, sinkFields, witnessFields } from './others-schema.js'
import { facilityFields, groupFields, personFields } from './parties-schema.js'

/**
 * nocturne.yaml as written: relative paths, unresolved names. Messages here are the second half of
 * a sentence that begins with the path; `expectations.ts` says what to write instead.
 */

export const gatewayFields = {
  name: z.string().regex(GATEWAY_NAME_FORM, 'is not a host name in lower case'),
  listen,
  tls: z
    .strictObject({ cert: path, key: path, clientCertificates: z.boolean().default(false) })
    .optional(),
  origin: z.string().refine(isOrigin, 'is not an https origin').optional(),
  metrics: listen.optional(),
}

/** Proxies in front of the gateway, and how they name the client. */
const proxiesSchema = z.strictObject({
  trusted: z
    .array(z.string().refine(isNetwork, 'is not an address or a network'))
    .min(1, 'names no proxy')
    .max(100, 'names too many proxies'),
  protocol: z.enum(['forwarded', 'proxy']),
})

/** What looks for text in images at risk, and whether an image without text may pass, marked. */
export const textDetectorSchema = z.strictObject({
  kind: z.enum(['tesseract', 'none']).default('tesseract'),
  clears: z.boolean().default(true),
  threads: z.int().min(1, 'is less than 1').max(64, 'is more than 64').default(1),
})

/** What happens to a transfer or claim that the compliance registers do not permit. */
export const registersSchema = z.strictObject({
  enforce: z.enum(['warn', 'block']).default('warn'),
})

/** Whether a second person must confirm a new reader of a group. */
export const directorySchema = z.strictObject({ confirm: z.enum(['one', 'two']).default('one') })

/** clamd, by the path of its socket or by address. */
const scannerSchema = z.strictObject({
  clamd: read((text) => (text.startsWith('/') ? { path: text } : parseListen(text))),
})

/** How many patients an officer may search for, and whether a second officer must agree. */
export const officersSchema = z.strictObject({
  searchesPerHour: z.int().min(1, 'is less than 1').max(1_000, 'is more than 1,000').default(30),
  patientSearch: z.enum(['one', 'two']).default('one'),
})

/** A folder for backups, and the certificate that they are sealed to in place of recovery. */
export const backupSchema = z.strictObject({ to: path, certificate: path.optional() })

const filesStore = z.strictObject({ kind: z.literal('files'), path })

export const s3Fields = {
  kind: z.literal('s3'),
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is not a bucket name'),
  region: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, 'is not a region'),
  endpoint: z
    .string()
    .refine(isPrivateEndpoint, 'is not an https address, or an http address of this machine')
    .optional(),
  caFile: path.optional(),
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
  slowestBytes: limit(LIMIT_RULES.slowestBytes),
  dailyBytes: limit(LIMIT_RULES.dailyBytes),
  downloads: limit(LIMIT_RULES.downloads),
  connectionsPerAddress: limit(LIMIT_RULES.connectionsPerAddress),
  associationsPerAddress: limit(LIMIT_RULES.associationsPerAddress),
  sessionIdleSeconds: limit(LIMIT_RULES.sessionIdleSeconds),
  uploads: limit(LIMIT_RULES.uploads),
  failuresPerMinute: limit(LIMIT_RULES.failuresPerMinute),
} satisfies Record<keyof Limits, z.ZodType>

export const limitsSchema = z.strictObject(limitFields)

export const keysSchema = z.strictObject({
  allowRsa2048: z.boolean().default(false),
  fips: z.boolean().default(false),
})

export const topFields = {
  database: read(parseDatabase),
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
          'has a certificate without a key, or a key without a certificate',
        ),
    )
    .max(16, 'has too many sinks')
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'names a sink twice')
    .default([]),
  textDetector: textDetectorSchema.optional(),
  proxies: proxiesSchema.optional(),
  doors: doorsSchema.prefault({}),
  intake: intakeSchema.prefault({}),
  registers: registersSchema.prefault({}),
  officers: officersSchema.prefault({}),
  directory: directorySchema.prefault({}),
  scanner: scannerSchema.optional(),
  backup: backupSchema.optional(),
  limits: limitsSchema.prefault({}),
  cases: casesSchema.prefault({}),
  retention: retentionSchema.prefault({}),
  notify: notifySchema.prefault({}),
})

export type SiteFile = z.output<typeof siteSchema>
