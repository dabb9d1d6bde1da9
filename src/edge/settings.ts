/** edge.yaml: what an edge is told by hand; everything else comes from its gateway. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { parseBytes } from '../config/sizes/index.js'
import { NocturneError } from '../lib/errors.js'
import { readYaml } from '../lib/yaml.js'

export const EDGE_FILE = 'edge.yaml'

const MiB = 1_048_576
const STANDARD_SPOOL = 51_200 * MiB

const readSize = (text: string): number => parseBytes(text) ?? NaN

const path = z.string().min(1).max(4_000)
const address = z.string().min(1).max(500)

const reports = z.strictObject({
  /** The facility's private keys; earlier ones follow the one in use. */
  keys: z.array(path).min(1).max(20),
  passphraseFile: path.optional(),
  /** Folder for the opened reports. */
  out: path,
  formats: z.array(z.string().max(20)).max(10).optional(),
  mllp: address.optional(),
  mllpCaFile: path.optional(),
  pacs: address.optional(),
  pacsCaFile: path.optional(),
  aeTitle: z.string().min(1).max(16).default('NOCTURNE'),
  everySeconds: z.int().min(1).max(3_600).default(15),
})
export type ReportSettings = z.output<typeof reports>

const schema = z.strictObject({
  /** Address of the gateway. */
  gateway: z.string().min(1).max(2_000),
  /** The edge's token there; relative to the folder. */
  tokenFile: z.string().min(1).max(4_000),
  caFile: z.string().min(1).max(4_000).optional(),
  /** How much may wait for the gateway. */
  spool: z
    .strictObject({ limit: z.string().transform(readSize).pipe(z.int().min(MiB)) })
    .default({ limit: STANDARD_SPOOL }),
  /** Reports that come back, and where they go. */
  reports: reports.optional(),
  /** Settings of the local site, as in nocturne.yaml: `gateway.listen`, `doors`, `intake`, … */
  site: z.record(z.string(), z.unknown()).default({}),
})
export type EdgeSettings = z.output<typeof schema>

/** @throws NocturneError `site_invalid`, `file_unreadable` */
export async function readSettings(dir: string): Promise<EdgeSettings> {
  const text = await readFile(join(dir, EDGE_FILE), 'utf8').catch((cause: unknown) => {
    throw new NocturneError('file_unreadable', { subject: EDGE_FILE, cause })
  })
  const parsed = schema.safeParse(readYaml(text, EDGE_FILE, 'src/edge/README.md').value)
  if (parsed.success) return parsed.data
  const path = parsed.error.issues[0]?.path.map(String).join('.') ?? ''
  throw new NocturneError('site_invalid', { subject: path === '' ? EDGE_FILE : path })
}

export type NewSettings = Pick<EdgeSettings, 'gateway' | 'tokenFile' | 'caFile'>

/** The text of a new edge.yaml. */
export const settingsText = ({ gateway, tokenFile, caFile }: NewSettings): string =>
  `# An edge: it seals here what this facility sends to its gateway.
gateway: ${JSON.stringify(gateway)}
tokenFile: ${JSON.stringify(tokenFile)}
${caFile === undefined ? '' : `caFile: ${JSON.stringify(caFile)}\n`}
# How much may wait for the gateway before new studies are refused:
# spool: { limit: 50 GiB }
#
# Reports that come back, with the patient's identity restored:
# reports: { keys: [secrets/facility.asc], out: reports, mllp: 127.0.0.1:2575, pacs: PACS@127.0.0.1:104 }
#
# Settings of nocturne.yaml for this machine, such as:
# site:
#   gateway: { listen: 127.0.0.1:8081 }
#   doors: { stow: true, dimse: { listen: 0.0.0.0:11112, aeTitle: EDGE, plainFrom: [192.0.2.0/24], peers: [...] } }
#   intake: { quiet: { routine: 60 } }
`
