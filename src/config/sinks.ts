/**
 * Sinks: destinations to which the ledger is forwarded, and the files needed to connect to them.
 */
import { X509Certificate } from 'node:crypto'
import type { SinkConfig } from '../ledger/sinks/index.js'
import type { SiteDraft } from './yaml/draft.js'
import { shorten } from './yaml/expectations.js'
import { readText, resolvePath } from './files.js'
import type { SiteProblem } from './site-config.js'
import type { SiteFile } from './yaml/schema.js'
import { checkTls } from './tls.js'

export const buildSinks = (dir: string, sinks: SiteFile['sinks']): SinkConfig[] =>
  sinks.map(({ id, url, format, ca, certificate, key }) => ({
    id,
    host: url.host,
    port: url.port,
    format,
    ...(ca !== undefined && { ca: resolvePath(dir, ca) }),
    ...(certificate !== undefined && { certificate: resolvePath(dir, certificate) }),
    ...(key !== undefined && { key: resolvePath(dir, key) }),
  }))

const CA_HINT = "write the path of a PEM file with the certificate of the sink's authority"
const PAIR_HINT =
  'write to certificate the path of the client certificate of the gateway with its chain, and to key the path of its key without passphrase'

/** Checks that the files exist, are readable, belong together, and are currently valid. */
export async function checkSinks(dir: string, draft: SiteDraft, now: Date): Promise<SiteProblem[]> {
  const problems: SiteProblem[] = []
  for (const { ca, certificate, key } of draft.sinks ?? []) {
    if (ca !== undefined) problems.push(...(await checkAuthority(dir, ca)))
    if (certificate !== undefined && key !== undefined)
      problems.push(...(await checkTls(dir, { cert: certificate, key }, now, PAIR_HINT)).problems)
  }
  return problems
}

async function checkAuthority(dir: string, path: string): Promise<SiteProblem[]> {
  const name = shorten(path)
  const file = await readText(resolvePath(dir, path), name, CA_HINT)
  if (file.problem) return [{ path: name, ...file.problem }]
  try {
    new X509Certificate(file.text)
    return []
  } catch {
    return [{ path: name, problem: 'is not a certificate in PEM', hint: CA_HINT }]
  }
}
