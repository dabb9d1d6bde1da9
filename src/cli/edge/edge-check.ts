/** `nocturne edge check`: each part of an edge by itself, with what to correct. */
import { lstat, readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cli } from '../command.js'
import { toErrorJson } from '../command-error.js'
import { formatBytes } from '../format.js'
import { connectionOf, withGateway } from '../gateway-options.js'
import type { Output } from '../output.js'
import { checkSite } from '../site/site-check.js'
import { openTrust } from '../trust/trust.js'
import { PINNED_FILE } from './facility-edge.js'
import { fetchSealing } from './line.js'
import type { OwnEdge } from './own-settings.js'
import { askVerified, identityOf } from '../../edge/open.js'
import { LEDGER_KEY_FILE, readTold } from '../../edge/site.js'
import { readPrivateKey } from '../../seal/keys/index.js'

export interface Finding {
  readonly what: string
  readonly problem: string
  readonly hint: string
}

export interface EdgeCheck {
  readonly problems: readonly Finding[]
  readonly warnings: readonly Finding[]
}

export async function checkEdge(cli: Cli, output: Output, own: OwnEdge): Promise<EdgeCheck> {
  const problems = [...(await readable(own)), ...(await gatewayProblems(cli, output, own))]
  const warnings = await diskWarnings(own)
  if ((await readTold(own.dir)) === undefined) return { problems, warnings }
  const site = await checkSite(own.dir, {}, new Date(), false)
  const hasKey = await lstat(join(own.dir, LEDGER_KEY_FILE)).catch(() => undefined)
  const isUnmade = (path: string) => path === LEDGER_KEY_FILE && !hasKey
  const asFinding = ({ path: what, problem, hint }: (typeof site.problems)[number]): Finding => ({
    ...{ what, problem, hint },
  })
  return {
    problems: [...problems, ...site.problems.filter(({ path }) => !isUnmade(path)).map(asFinding)],
    warnings: [...warnings, ...site.warnings.map(asFinding)],
  }
}

/** What only the edge's user may read. */
async function readable({ dir, options }: OwnEdge): Promise<readonly Finding[]> {
  const found: Finding[] = []
  for (const path of [dir, options.tokenFile, join(dir, 'secrets'), join(dir, 'data')]) {
    const info = await lstat(path).catch(() => undefined)
    if (!info)
      found.push({
        ...{ what: path, problem: 'is missing' },
        hint: 'run nocturne edge init again, with --token-file once the operator has issued it',
      })
    else if ((info.mode & 0o077) !== 0)
      found.push({
        ...{ what: path, problem: 'can be read by others' },
        hint: `run chmod ${info.isDirectory() ? '700' : '600'} on it`,
      })
  }
  return found
}

async function gatewayProblems(
  cli: Cli,
  output: Output,
  { dir, options }: OwnEdge,
): Promise<readonly Finding[]> {
  const what = options.gateway
  try {
    const told = await withGateway(options, cli, output, async (client) => {
      const file = join(dir, PINNED_FILE)
      const trust = await openTrust({ ...connectionOf(options), client, output, file })
      return askVerified(dir, {
        ask: () => fetchSealing(client),
        verify: (one) => trust.checkCertificate(one),
      })
    })
    const secret = await readFile(join(dir, 'secrets', 'gateway.asc'), 'utf8')
    if (told) identityOf({ gatewayKey: await readPrivateKey(secret) }, told)
    return told?.groups.length === 0 ? [{ what, ...NO_GROUP }] : []
  } catch (error) {
    const { message: problem, hint } = toErrorJson(error)
    return [{ what, problem, hint }]
  }
}

const NO_GROUP = {
  problem: 'no reading group of the facility can be sealed to now',
  hint: 'ask the operator of the gateway to run nocturne check',
}

/** A spool that the disk cannot hold is no bound. */
async function diskWarnings({ dir, settings }: OwnEdge): Promise<readonly Finding[]> {
  const { bavail, bsize } = await statfs(dir)
  const free = bavail * bsize
  const { limit } = settings.spool
  if (free >= limit) return []
  return [
    {
      what: 'spool.limit',
      problem: `up to ${formatBytes(limit)} may wait, but ${formatBytes(free)} are free on the disk`,
      hint: 'free space, or lower spool.limit in edge.yaml',
    },
  ]
}
