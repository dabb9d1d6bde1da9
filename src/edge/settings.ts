/** edge.yaml: what an edge is told by hand; everything else comes from its gateway. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { NocturneError } from '../lib/errors.js'
import { readYaml } from '../lib/yaml.js'

export const EDGE_FILE = 'edge.yaml'

const schema = z.strictObject({
  /** Address of the gateway. */
  gateway: z.string().min(1).max(2_000),
  /** The edge's token there; relative to the folder. */
  tokenFile: z.string().min(1).max(4_000),
  caFile: z.string().min(1).max(4_000).optional(),
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

/** The text of a new edge.yaml. */
export const settingsText = ({ gateway, tokenFile, caFile }: Omit<EdgeSettings, 'site'>): string =>
  `# An edge: it seals here what this facility sends to its gateway.
gateway: ${JSON.stringify(gateway)}
tokenFile: ${JSON.stringify(tokenFile)}
${caFile === undefined ? '' : `caFile: ${JSON.stringify(caFile)}\n`}
# Settings of nocturne.yaml for this machine, such as:
# site:
#   gateway: { listen: 127.0.0.1:8081 }
#   doors: { stow: true, dimse: { listen: 0.0.0.0:11112, aeTitle: EDGE, plainFrom: [192.0.2.0/24], peers: [...] } }
#   intake: { quiet: { routine: 60 } }
`
