/**
 * Trust in a gateway: its keys are taken as they are the first time, and must stay the same from
 * then on; its log may only grow; and a receipt must be what it says.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import {
  nodeCrypto,
  openCheckpoint,
  readLines,
  verifyConsistency,
  verifyExport,
  verifyReceipt,
} from '../../ledger/verify/index.js'
import type { ProvenCertificate, SealerAnswer } from '../../protocol/sealing/http.js'
import { gatewayAnswer, logAnswer } from '../../protocol/http/gateway.js'
import { CATALOGUE } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import type { Output } from '../output.js'
import { parseAnswer } from '../parse-answer.js'
import { knownFile, readKnown, writeKnown } from './known-gateways.js'
import type { KnownGateway } from './known-gateways.js'

/** A certificate as the gateway serves it, armored; signatures after `until` are not valid. */
export interface ServedKey {
  readonly certificate: string
  readonly until?: Date
}

export interface Trust {
  /** Name of the gateway in statements and manifests. */
  readonly gateway: string
  /** The certificates that it serves whose keys are known; earlier ones with their end. */
  readonly signers: readonly ServedKey[]
  /**
   * Verifies a receipt: that the log has recorded an event of this transfer.
   *
   * @throws CommandError `receipt_invalid`
   */
  checkReceipt(receipt: string, transfer: string | undefined): Promise<void>
  /**
   * Verifies a file of receipts, as `pull` keeps them.
   *
   * @throws CommandError `receipt_invalid`
   */
  checkReceipts(file: string): Promise<void>
  /**
   * Verifies that the ledger put this certificate into effect for the principal.
   *
   * @throws CommandError `receipt_invalid`
   */
  checkCertificate(proven: ProvenCertificate): Promise<void>
  /**
   * Verifies that the ledger names this edge as the one that sealed the transfer, and returns the
   * digest of the manifest that it names.
   *
   * @throws CommandError `receipt_invalid`
   */
  checkSealer(sealer: SealerAnswer, transfer: string): Promise<string>
}

interface Asking {
  readonly client: GatewayClient
  /** As the user gave it. */
  readonly url: string
  readonly tokenFile: string | undefined
  readonly output: Pick<Output, 'warn'>
  /** Where its keys are remembered instead of in the user's state folder. */
  readonly file?: string
  /** The user names the certificates to trust, so it does not matter which are known. */
  readonly hasOwnSigners?: boolean
}

/**
 * Compares the gateway's keys and log with what is known, and remembers them.
 *
 * @throws CommandError `ledger_key_changed`, `gateway_key_changed`, `log_inconsistent`
 */
export async function openTrust(asking: Asking): Promise<Trust> {
  const { client, url, tokenFile = '', output } = asking
  const answer = parseAnswer(gatewayAnswer, await client.json({ path: '/v1/gateway' }))
  const own = knownFile(url, tokenFile)
  const file = asking.file ?? own
  // An edge of an earlier version was met under the user's name.
  const before = (await readKnown(file)) ?? (file === own ? undefined : await readKnown(own))
  const { name, ledgerKey, certificate, formerCertificates } = answer
  if (before !== undefined && before.ledgerKey !== ledgerKey)
    throw changed('ledger_key_changed', url, file)
  const served: readonly ServedKey[] = [
    { certificate },
    ...formerCertificates.map((one) => ({
      certificate: one.certificate,
      until: new Date(one.until),
    })),
  ]
  const keys = before ? knownKeys(before) : await firstKeys(served)
  const signers: ServedKey[] = []
  for (const one of served) if (await keys.has(one.certificate)) signers.push(one)
  if (signers[0]?.certificate !== certificate && asking.hasOwnSigners !== true)
    throw changed('gateway_key_changed', url, file)
  const seen = await checkLog(client, ledgerKey, before?.checkpoint)
  // Another command may have seen more in the meantime.
  const checkpoint = newerOf(seen, (await readKnown(file))?.checkpoint)
  const gateway: KnownGateway = {
    ...{ v: 1, gateway: name, ledgerKey, ...keys.all() },
    ...(checkpoint !== undefined && { checkpoint }),
  }
  if (!(await writeKnown(file, gateway)))
    output.warn(`the keys of the gateway cannot be remembered: ${file} cannot be written`)
  return {
    ...{ gateway: name, signers },
    checkReceipt: (receipt, transfer) => checkReceipt(ledgerKey, receipt, transfer),
    checkCertificate: (proven) => checkCertificate(ledgerKey, proven),
    checkSealer: (sealer, transfer) => checkSealer(ledgerKey, sealer, transfer),
    checkReceipts: async (path) => {
      const lines = readLines(createReadStream(path))
      const report = await verifyExport(lines, ledgerKey, nodeCrypto)
      if (!report.ok) throw failed('receipt_invalid', report.problem)
    },
  }
}

const sizeOf = (checkpoint: string | undefined): number => Number(checkpoint?.split('\n')[1] ?? -1)
const newerOf = (a: string | undefined, b: string | undefined): string | undefined =>
  sizeOf(b) > sizeOf(a) ? b : a

interface Keys {
  has(certificate: string): Promise<boolean>
  all(): Pick<KnownGateway, 'gatewayKeys' | 'certificates'>
}

/** A certificate that was seen before is not parsed; another one may have a known key. */
function knownKeys({
  gatewayKeys,
  certificates,
}: Pick<KnownGateway, 'gatewayKeys' | 'certificates'>): Keys {
  const seen = new Set(certificates)
  return {
    has: async (certificate) => {
      if (seen.has(digestOf(certificate))) return true
      // The same key, for example with a later expiry.
      if (!gatewayKeys.includes(await fingerprintOf(certificate))) return false
      seen.add(digestOf(certificate))
      return true
    },
    all: () => ({ gatewayKeys, certificates: [...seen] }),
  }
}

async function firstKeys(served: readonly ServedKey[]): Promise<Keys> {
  const gatewayKeys: string[] = []
  for (const { certificate } of served) gatewayKeys.push(await fingerprintOf(certificate))
  return knownKeys({
    gatewayKeys,
    certificates: served.map(({ certificate }) => digestOf(certificate)),
  })
}

interface ProvenEntry {
  readonly type?: unknown
  readonly transfer?: unknown
  readonly detail?: {
    readonly principal?: unknown
    readonly to?: unknown
    readonly manifest?: unknown
    readonly sealedBy?: { readonly edge?: unknown; readonly fingerprint?: unknown }
  }
}

/** The entry that a receipt proves. @throws CommandError `receipt_invalid` */
async function provenEntry(ledgerKey: string, receipt: string): Promise<ProvenEntry> {
  const report = await verifyReceipt(receipt, ledgerKey, nodeCrypto)
  if (!report.ok) throw failed('receipt_invalid', report.problem)
  return JSON.parse(report.entry ?? '{}') as ProvenEntry
}

/** As `Trust.checkCertificate`, under a key that the caller trusts. */
export async function checkCertificate(
  ledgerKey: string,
  { id, fingerprint, certificate, receipt }: ProvenCertificate,
): Promise<void> {
  const { type, detail } = await provenEntry(ledgerKey, receipt)
  const isNamed =
    type === 'certificate.changed' && detail?.principal === id && detail.to === fingerprint
  if (!isNamed || (await fingerprintOf(certificate)) !== fingerprint)
    throw failed('receipt_invalid', `it does not name the certificate of ${id}`)
}

/** As `Trust.checkSealer`, under a key that the caller trusts. */
export async function checkSealer(
  ledgerKey: string,
  { edge, fingerprint, certificate, receipt }: SealerAnswer,
  transfer: string,
): Promise<string> {
  const entry = await provenEntry(ledgerKey, receipt)
  const { manifest, sealedBy } = entry.detail ?? {}
  const isNamed =
    entry.type === 'transfer.available' &&
    entry.transfer === transfer &&
    sealedBy?.edge === edge &&
    sealedBy.fingerprint === fingerprint
  if (
    !isNamed ||
    typeof manifest !== 'string' ||
    (await fingerprintOf(certificate)) !== fingerprint
  )
    throw failed('receipt_invalid', `it does not say that ${edge} sealed the transfer`)
  return manifest
}

async function checkReceipt(
  ledgerKey: string,
  receipt: string,
  transfer: string | undefined,
): Promise<void> {
  const entry = await provenEntry(ledgerKey, receipt)
  if (transfer !== undefined && entry.transfer !== transfer)
    throw failed('receipt_invalid', 'it is about another transfer')
}

/**
 * The signed head of the log now, shown to extend the one seen before. A gateway of an earlier
 * version shows none; one that has shown one must go on.
 */
async function checkLog(
  client: GatewayClient,
  ledgerKey: string,
  seen: string | undefined,
): Promise<string | undefined> {
  const { checkpoint: older } = seen
    ? await openCheckpoint(seen, ledgerKey, nodeCrypto)
    : { checkpoint: undefined }
  const path = `/v1/log${older ? `?from=${older.size}` : ''}`
  const found = (await ask(client, path)) ?? (older && (await ask(client, '/v1/log')))
  if (found === undefined) {
    if (!older) return undefined
    throw failed('log_inconsistent', `it does not show what came after its entry ${older.size}`)
  }
  const { checkpoint: signed, consistency } = parseAnswer(logAnswer, found)
  const { checkpoint: newer, problem } = await openCheckpoint(signed, ledgerKey, nodeCrypto)
  if (!newer) throw failed('log_inconsistent', problem)
  const proof = consistency.map((hash) => Buffer.from(hash, 'base64'))
  if (older && !(await verifyConsistency(nodeCrypto, older, newer, proof)))
    throw failed(
      'log_inconsistent',
      newer.size < older.size
        ? `it had ${older.size} entries, and has ${newer.size} now`
        : `its first ${older.size} entries are not those of before`,
    )
  return signed
}

/** Undefined when the gateway has no such log: an earlier version, or one that is shorter. */
async function ask(client: GatewayClient, path: string): Promise<unknown> {
  try {
    return await client.json({ path })
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'not_found') return undefined
    throw error
  }
}

const digestOf = (certificate: string): string =>
  createHash('sha256').update(certificate).digest('hex')

async function fingerprintOf(certificate: string): Promise<string> {
  const { inspectCertificate } = await import('../../seal/keys/index.js')
  return (await inspectCertificate(certificate, new Date())).fingerprint
}

function failed(code: Code, problem: string | undefined): CommandError {
  const { title, hint } = CATALOGUE[code]
  return new CommandError(problem === undefined ? title : `${title}: ${problem}`, { code, hint })
}

function changed(code: Code, url: string, file: string): CommandError {
  const { title, hint } = CATALOGUE[code]
  return new CommandError(`${title}: ${new URL(url).host}`, {
    code,
    hint: `${hint}; if the operator confirms the new one, delete ${file} and run the command again`,
  })
}
