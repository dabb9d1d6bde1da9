/**
 * The local site of an edge: one facility, and the readers of its groups, as the gateway tells
 * them. Its files are written anew whenever the edge starts, so every command that works on a site
 * works on this folder too.
 */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Site } from '../config/index.js'
import type { Profile } from '../deidentify/rules/index.js'
import { NocturneError, systemCode } from '../lib/errors.js'
import { randomName } from '../lib/ids.js'
import { sealingAnswer } from '../protocol/sealing/http.js'
import type { ProvenCertificate, SealingAnswer } from '../protocol/sealing/http.js'
import type { EdgeSettings } from './settings.js'

/** What the gateway told last, after its proofs were verified. */
const TOLD_FILE = 'told.json'

/** Written at the first start: before that, the edge's log has no name. */
export const LEDGER_KEY_FILE = 'keys/ledger.vkey'

export const keepTold = (dir: string, told: SealingAnswer): Promise<void> =>
  replaceFile(join(dir, TOLD_FILE), JSON.stringify(told))

/** Undefined before the first time. */
export async function readTold(dir: string): Promise<SealingAnswer | undefined> {
  try {
    return sealingAnswer.parse(JSON.parse(await readFile(join(dir, TOLD_FILE), 'utf8')))
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined
    throw new NocturneError('file_unreadable', { subject: TOLD_FILE, cause })
  }
}

/** Whether both name the same recipients and rules; the proofs change as the ledger grows. */
export const isSameTold = (a: SealingAnswer, b: SealingAnswer): boolean =>
  withoutProofs(a) === withoutProofs(b)

const withoutProofs = (told: SealingAnswer): string =>
  JSON.stringify(told, (name, value: unknown) => (name === 'receipt' ? undefined : value))

/**
 * @param load reads a site from its folder
 * @throws NocturneError `unknown_group` when no group can be sealed to; what `load` throws
 */
export async function writeSite(
  dir: string,
  told: SealingAnswer,
  { site: own }: EdgeSettings,
  load: (dir: string) => Promise<Site>,
): Promise<Site> {
  const people = peopleOf(told)
  if (people.size === 0) throw new NocturneError('unknown_group')
  await keepCertificate(dir, told.facility)
  for (const one of people.values()) await keepCertificate(dir, one)
  await keepSecret(dir, told.facility.id)
  await replaceFile(
    join(dir, 'nocturne.yaml'),
    `# Written by the edge whenever it starts; change edge.yaml instead.\n${JSON.stringify(siteFile(told, own), null, 2)}\n`,
  )
  const { config, secrets } = await load(dir)
  const { encryptedAttributes } = told.rules
  const facilities = config.facilities.map((one) => ({
    ...one,
    profile: told.rules.profile as unknown as Profile,
    ...(encryptedAttributes && { encryptedAttributes: [...encryptedAttributes] }),
  }))
  return { config: { ...config, facilities }, secrets }
}

const RECOVERY = 'recovery'

/** Readers and recovery, each once. */
const peopleOf = ({ groups }: SealingAnswer): ReadonlyMap<string, ProvenCertificate> =>
  new Map(groups.flatMap(({ recipients }) => recipients.map((one) => [one.id, one] as const)))

function siteFile(told: SealingAnswer, own: EdgeSettings['site']): Record<string, unknown> {
  const { facility, groups, rules } = told
  const readers = [...peopleOf(told).keys()].filter((id) => id !== RECOVERY)
  const gateway = typeof own.gateway === 'object' ? own.gateway : {}
  return {
    database: 'sqlite:data/nocturne.db',
    store: { kind: 'files', path: 'data/objects' },
    ...own,
    gateway: { listen: '127.0.0.1:8081', ...gateway, name: `${told.edge.id}.edge` },
    facilities: [
      {
        id: facility.id,
        certificate: certificatePath(facility.id),
        // Replaced in memory by what the gateway told.
        profile: 'pseudonymize',
        groups: groups.map(({ id }) => id),
        documents: rules.documents,
        ...(rules.documentTypes && { documentTypes: rules.documentTypes }),
      },
    ],
    groups: groups.map(({ id, timezone, recipients }) => ({
      id,
      timezone,
      readers: recipients.map((one) => one.id).filter((one) => one !== RECOVERY),
    })),
    people: [
      ...readers.map((id) => ({ id, role: 'reader', certificate: certificatePath(id) })),
      ...(Array.isArray(own.people) ? (own.people as unknown[]) : []),
    ],
    recovery: certificatePath(RECOVERY),
    keys: rules.keys,
  }
}

const certificatePath = (id: string): string => `keys/of-${id}.asc`

const keepCertificate = (dir: string, { id, certificate }: ProvenCertificate): Promise<void> =>
  replaceFile(join(dir, certificatePath(id)), certificate, 0o644)

/** Pseudonyms depend on it, so an existing one is never replaced. */
async function keepSecret(dir: string, facility: string): Promise<void> {
  const path = join(dir, 'secrets', 'facilities', `${facility}.key`)
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(`${randomBytes(32).toString('base64')}\n`)
    await file.sync()
    await file.close()
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST')
      throw new NocturneError('file_unreadable', { subject: facility, cause })
  }
}

/** Whole or not at all. */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const partial = `${path}.${randomName()}`
  const file = await open(partial, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(partial, path)
}
