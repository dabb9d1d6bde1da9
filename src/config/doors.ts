/** Doors beside HTTP, and what becomes of what comes through them. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import type { SiteDraft } from './draft.js'
import { shorten } from './expectations.js'
import { readText, resolvePath } from './files.js'
import type { SiteProblem } from './index.js'
import { isLoopback, parseListen } from './listen.js'
import type { Finding } from './references.js'
import { nearest } from './suggest.js'
import { checkTls } from './tls.js'

const listen = z.string().transform((text, context) => {
  const parsed = parseListen(text)
  if (typeof parsed !== 'string') return parsed
  context.addIssue({ code: 'custom', message: parsed })
  return z.NEVER
})

/** PS3.5 6.2, AE: 16 characters of the default repertoire without backslash, not all spaces. */
const aeTitle = z.string().regex(/^[!-[\]-~]([ -[\]-~]{0,14}[!-[\]-~])?$/, 'is not an AE title')

const path = z.string().min(1, 'is empty').max(1_024, 'is too long for a path')

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

export const peerFields = {
  aeTitle,
  facility: z.string(),
  addresses: networks,
  certificate: path.optional(),
}

export const dimseFields = {
  listen,
  aeTitle: aeTitle.default('NOCTURNE'),
  tls: z.strictObject({ cert: path, key: path }).optional(),
  plainFrom: networks,
  peers: z
    .array(z.strictObject(peerFields))
    .min(1, 'names nobody who may call')
    .max(1_000, 'has too many entries'),
}

export const doorsSchema = z.strictObject({
  stow: z.boolean().default(true),
  dimse: z.strictObject(dimseFields).optional(),
})

const seconds = (least: number, most: number) =>
  z.int('is not a whole number').min(least, 'is too small').max(most, 'is too large')
const quiet = seconds(1, 3_600)

/** By priority: a study that is waited for is closed sooner, and late images follow it. */
const QUIET = { stat: 15, urgent: 30, routine: 60 } as const

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
}

export const intakeSchema = z.strictObject(intakeFields)

export type DoorsFile = z.output<typeof doorsSchema>
export type IntakeFile = z.output<typeof intakeSchema>

/** Facilities that are not there, and callers that nothing binds. */
export function checkDoorReferences({ doors, facilities }: SiteDraft): Finding[] {
  const dimse = doors?.dimse
  if (!dimse) return []
  const ids = facilities.map(({ id }) => id).filter((id) => id !== undefined)
  const at = ['doors', 'dimse']
  const beyond = !isLoopback(dimse.listen.host)
  const unprotected: Finding[] =
    beyond && !dimse.tls && dimse.plainFrom.length === 0
      ? [
          {
            at: [...at, 'listen'],
            problem: 'is beyond this machine, and nobody there could say anything',
            hint: 'add doors.dimse.tls with cert and key, or name in plainFrom the addresses that may speak in the clear',
          },
        ]
      : []
  return [
    ...unprotected,
    ...dimse.peers.flatMap(({ facility, certificate }, index): Finding[] => {
      const place = [...at, 'peers', index]
      const found: Finding[] = []
      if (!ids.includes(facility)) {
        const meant = nearest(facility, ids)
        found.push({
          at: [...place, 'facility'],
          problem: `names an unknown facility, ${shorten(facility)}`,
          hint:
            meant === undefined
              ? 'write the id of one of the facilities'
              : `did you mean ${meant}?`,
        })
      }
      if (certificate !== undefined && !dimse.tls) {
        found.push({
          at: [...place, 'certificate'],
          problem: 'can be shown in TLS alone, and this door has none',
          hint: 'add doors.dimse.tls with cert and key',
        })
      }
      return found
    }),
  ]
}

const PEER_HINT =
  'write the path of a PEM file with the certificate of the peer, or of its authority'

/** That the files are there, readable, of one pair, and valid today. */
export async function checkDoorFiles(
  dir: string,
  { doors }: SiteDraft,
  now: Date,
): Promise<SiteProblem[]> {
  const dimse = doors?.dimse
  if (!dimse) return []
  const hint =
    'doors.dimse.tls.cert takes the certificate and its chain, key the key without passphrase'
  const problems = dimse.tls ? [...(await checkTls(dir, dimse.tls, now, hint)).problems] : []
  for (const { certificate } of dimse.peers) {
    if (certificate === undefined) continue
    const name = shorten(certificate)
    const file = await readText(resolvePath(dir, certificate), name, PEER_HINT)
    if (file.problem) problems.push({ path: name, ...file.problem })
    else if (!isCertificate(file.text)) {
      problems.push({ path: name, problem: 'is not a certificate in PEM', hint: PEER_HINT })
    }
  }
  return problems
}

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text)
    return true
  } catch {
    return false
  }
}

export interface DimseConfig {
  readonly host: string
  readonly port: number
  readonly aeTitle: string
  /** Absolute paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly plainFrom: readonly string[]
  readonly peers: readonly {
    readonly aeTitle: string
    readonly facility: string
    readonly addresses: readonly string[]
    /** Absolute path of a PEM file. */
    readonly certificate?: string
  }[]
}

export interface DoorsConfig {
  readonly stow: boolean
  readonly dimse?: DimseConfig
}

export function buildDoors(dir: string, { stow, dimse }: DoorsFile): DoorsConfig {
  if (!dimse) return { stow }
  const { listen: place, tls, aeTitle: title, plainFrom, peers } = dimse
  return {
    stow,
    dimse: {
      ...place,
      aeTitle: title,
      ...(tls && { tls: { cert: resolvePath(dir, tls.cert), key: resolvePath(dir, tls.key) } }),
      plainFrom,
      peers: peers.map(({ certificate, ...peer }) => ({
        ...peer,
        ...(certificate !== undefined && { certificate: resolvePath(dir, certificate) }),
      })),
    },
  }
}
