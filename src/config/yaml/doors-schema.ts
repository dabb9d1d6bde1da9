/** Doors and intake as written in nocturne.yaml. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { PRIORITIES } from '../../protocol/priority.js'
import { parseWeekly } from '../duty.js'
import { isTimezone } from '../timezone.js'
import { listen, parsed, path } from './fields.js'

/** PS3.5 6.2, AE: 16 characters of the default repertoire without backslash, not all spaces. */
export const aeTitle = z
  .string()
  .regex(/^[!-[\]-~]([ -[\]-~]{0,14}[!-[\]-~])?$/, 'is not an AE title')

/** An address, or a network with its prefix length. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1
  if (most < 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most)
}
const networks = z
  .array(z.string().refine(isNetwork, 'is neither an address nor a network'))
  .max(1_000, 'has too many entries')
  .default([])

/** Of a peer of any door that has a port of its own. */
const boundFields = {
  facility: z.string(),
  addresses: networks,
  certificate: path.optional(),
}

const portFields = <P extends z.ZodType>(peer: P) => ({
  tls: z.strictObject({ cert: path, key: path }).optional(),
  plainFrom: networks,
  peers: z.array(peer).min(1, 'names no peer that may connect').max(1_000, 'has too many entries'),
})

export const peerFields = { aeTitle, ...boundFields, report: listen.optional() }

export const dimseFields = {
  listen,
  aeTitle: aeTitle.default('NOCTURNE'),
  ...portFields(z.strictObject(peerFields)),
}

export const mllpPeerFields = {
  application: z.string().min(1, 'is empty').max(227, 'is too long for MSH-3'),
  ...boundFields,
}

export const mllpFields = { listen, ...portFields(z.strictObject(mllpPeerFields)) }

export const doorsSchema = z.strictObject({
  stow: z.boolean().default(true),
  dimse: z.strictObject(dimseFields).optional(),
  mllp: z.strictObject(mllpFields).optional(),
})

const seconds = (least: number, most: number) =>
  z.int('is not a whole number').min(least, 'is too small').max(most, 'is too large')
const quiet = seconds(1, 3_600)

/** By priority: an urgent study is closed sooner, and late images follow in another transfer. */
const QUIET = { stat: 15, urgent: 30, routine: 60 } as const

const words = z
  .union([
    z
      .string()
      .min(1, 'is empty')
      .transform((one) => [one]),
    z.array(z.string()).min(1, 'is empty'),
  ])
  .optional()

const network = z.string().refine(isNetwork, 'is neither an address nor a network')
const weekly = parsed(parseWeekly, 'is not days and hours')
/** One, or a list. */
const oneOrMore = <T extends z.ZodType>(one: T) =>
  z.union([one.transform((single) => [single]), z.array(one).min(1, 'is empty')]).optional()

export const conditionFields = {
  facility: words,
  aeTitle: words,
  modality: words,
  station: words,
  bodyPart: words,
  address: oneOrMore(network),
  hours: oneOrMore(weekly),
}
export const consequenceFields = {
  group: z.string().optional(),
  priority: z.enum(PRIORITIES).optional(),
  profile: path.optional(),
  hold: z.boolean().optional(),
}

export const intakeFields = {
  quiet: z
    .union([
      quiet.transform((all) => ({ stat: all, urgent: all, routine: all })),
      z.strictObject({
        stat: quiet.default(QUIET.stat),
        urgent: quiet.default(QUIET.urgent),
        routine: quiet.default(QUIET.routine),
      }),
    ])
    .prefault({}),
  cap: seconds(10, 86_400).default(3_600),
  requisitionDays: z
    .int('is not a whole number')
    .min(1, 'is too small')
    .max(90, 'is too large')
    .default(14),
  timezone: z.string().refine(isTimezone, 'is not an IANA time zone').default('UTC'),
  rules: z
    .array(
      z.strictObject({
        when: z.strictObject(conditionFields).prefault({}),
        then: z.strictObject(consequenceFields),
      }),
    )
    .max(1_000, 'has too many rules')
    .default([]),
}

export const intakeSchema = z.strictObject(intakeFields)

export type DoorsFile = z.output<typeof doorsSchema>
export type IntakeFile = z.output<typeof intakeSchema>
