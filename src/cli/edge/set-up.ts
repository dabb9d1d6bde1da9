/**
 * Sets up an edge in steps that each can be repeated: a folder with a key of its own, then the
 * gateway's keys and the facility's rules, once the operator has registered the edge.
 */
import { readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CommandError } from '../command-error.js'
import { withGateway } from '../gateway-options.js'
import type { Cli } from '../command.js'
import type { Output } from '../output.js'
import { readToken } from '../secret-file.js'
import { writeWholeText } from '../local-write.js'
import { readKnown } from '../trust/known-gateways.js'
import { PINNED_FILE, readyEdge } from './facility-edge.js'
import { ownEdge } from './own-settings.js'
import { isEdge, newEdge } from '../../edge/folder.js'
import { identityOf } from '../../edge/open.js'
import { newLedgerKey } from '../../ledger/published/index.js'
import { systemCode } from '../../lib/errors.js'
import { inspectCertificate, newKey } from '../../seal/keys/index.js'

export interface SetUpOptions {
  readonly site: string
  readonly gateway: string
  readonly tokenFile?: string
  readonly caFile?: string
  readonly ledgerKey?: string
}

export interface SetUp {
  readonly dir: string
  /** Path of the certificate that the operator registers. */
  readonly certificate: string
  readonly fingerprint: string
  /** What the gateway told; undefined while it has not registered the edge. */
  readonly told?: {
    readonly edge: string
    readonly facility: string
    readonly groups: readonly string[]
  }
  /** Of the gateway, to be compared with what its operator says. */
  readonly ledgerKey?: string
  /** Code of why it is not ready. */
  readonly waitsFor?: string
}

const TOKEN_FILE = 'secrets/edge.token'

/** @throws CommandError `ledger_key_changed` when it is not the key that the user gives */
export async function setUp(options: SetUpOptions, cli: Cli, output: Output): Promise<SetUp> {
  const dir = resolve(options.site)
  const { gateway, caFile } = options
  if (!(await isEdge(dir))) {
    const settings = {
      ...{ gateway, tokenFile: TOKEN_FILE },
      ...(caFile !== undefined && { caFile: resolve(caFile) }),
    }
    await newEdge(dir, settings, { newKey, newLedgerKey })
  }
  const file = join(dir, 'keys', 'gateway.asc')
  const certificate = await readFile(file, 'utf8')
  const { fingerprint } = await inspectCertificate(certificate, new Date())
  const made = { dir, certificate: file, fingerprint }
  if (!(await keepToken(dir, options.tokenFile, output)))
    return { ...made, waitsFor: 'token_missing' }
  const own = await ownEdge(dir)
  if (own.settings.gateway !== gateway)
    throw new CommandError('this edge belongs to another gateway', {
      code: 'site_exists',
      hint: 'give another folder with --site: what an edge keeps is for one gateway',
    })
  try {
    const { prepared } = await withGateway(own.options, cli, output, (client) =>
      readyEdge(dir, own.options, client, output),
    )
    const { edge, facility, groups } = prepared.told
    identityOf({ gatewayKey: { fingerprint, certificate } }, prepared.told)
    const told = { edge: edge.id, facility: facility.id, groups: groups.map(({ id }) => id) }
    return { ...made, told, ...(await pinned(dir, options.ledgerKey)) }
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (typeof code !== 'string' || !PASSING.has(code)) throw error
    return { ...made, waitsFor: code, ...(await pinned(dir, options.ledgerKey)) }
  }
}

/** The operator or the line has something to do first. */
const PASSING: ReadonlySet<string> = new Set([
  ...['edge_unknown', 'unauthenticated', 'gateway_unreachable', 'recipient_unusable'],
])

/** Whether the folder has a token now. */
async function keepToken(dir: string, file: string | undefined, output: Output): Promise<boolean> {
  const kept = join(dir, TOKEN_FILE)
  if (file !== undefined && resolve(file) !== kept) {
    const isThere = await readFile(file).then(
      () => true,
      (error: unknown) => systemCode(error) !== 'ENOENT',
    )
    if (isThere) await writeWholeText(kept, `${await readToken(file, output)}\n`)
  }
  return readFile(kept).then(
    () => true,
    () => false,
  )
}

/** The pinned ledger key; compared with the one that the operator gave, if any. */
async function pinned(
  dir: string,
  expected: string | undefined,
): Promise<Pick<SetUp, 'ledgerKey'>> {
  const file = join(dir, PINNED_FILE)
  const known = await readKnown(file)
  if (!known) return {}
  const { ledgerKey } = known
  if (expected !== undefined && expected.trim() !== ledgerKey) {
    // Otherwise a gateway in between would stay trusted.
    await rm(file, { force: true })
    throw new CommandError('the ledger key of the gateway is not the one that you gave', {
      code: 'ledger_key_changed',
      hint: 'compare both with the operator by phone before you go on; nothing was sealed',
    })
  }
  return { ledgerKey }
}
