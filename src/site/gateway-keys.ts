/**
 * The key that signs manifests: which key it is, whether it may sign now, and which keys preceded
 * it.
 */
import { createHash } from 'node:crypto'
import type { Ledger } from '../ledger/log/index.js'
import type { RowGuard } from '../ledger/rows/index.js'
import { SYSTEM } from '../lib/actors.js'
import { NocturneError } from '../lib/errors.js'
import type { State } from '../state/index.js'
import type { GatewayKeyTable } from '../state/tables/index.js'

export interface GatewayKeys {
  /**
   * Checked before a byte of a transfer is accepted: a key that expires while the gateway is
   * running signs nothing more.
   *
   * @throws NocturneError `gateway_key_unfit`
   */
  expectFit(): Promise<void>
  /**
   * On start: records a new key, or a new certificate for the same key, as an event, and keeps the
   * previous one.
   */
  record(): Promise<void>
  /**
   * The former keys, newest first, each with its end in RFC 3339. Manifests that they signed still
   * exist.
   */
  former(): Promise<{ readonly certificate: string; readonly until: string }[]>
}

export interface GatewayKeyParts {
  readonly key: { readonly fingerprint: string; readonly certificate: string }
  /** Returns why the certificate cannot sign a manifest now, or undefined when it can. */
  readonly problemOf: (certificate: string) => Promise<{ readonly reason: string } | undefined>
  readonly state: Pick<State, 'db'>
  readonly ledger: Pick<Ledger, 'record'>
  readonly guard: RowGuard
  readonly now: () => number
}

/** Maximum number of former keys, newest first, so that what readers receive is bounded. */
const MAX_FORMER = 20

/**
 * Gateways on one database restart one after another, so the previous key keeps signing until the
 * last one has.
 */
const OVERLAP_MS = 86_400_000

export function createGatewayKeys(parts: GatewayKeyParts): GatewayKeys {
  return {
    expectFit: async () => {
      const unfit = await parts.problemOf(parts.key.certificate)
      if (unfit) throw new NocturneError('gateway_key_unfit', { subject: unfit.reason })
    },
    record: () => recordKey(parts),
    former: () => formerKeys(parts),
  }
}

async function recordKey(parts: GatewayKeyParts): Promise<void> {
  const { ledger, guard, key, now } = parts
  const { fingerprint, certificate } = key
  const keys = await guardedKeys(parts)
  const before = keys.find(({ until }) => until === null)
  if (before?.certificate === certificate) return
  const digest = createHash('sha256').update(certificate).digest('hex')
  const from = before?.fingerprint ?? guard.history.certificate('gateway')?.fingerprint ?? null
  await ledger.record(async (tx) => {
    if (before && before.fingerprint !== fingerprint) {
      const { until, mac } = guard.seal('gateway_keys', { ...before, until: now() })
      await tx
        .updateTable('gateway_keys')
        .set({ until, mac })
        .where('fingerprint', '=', before.fingerprint)
        .execute()
    }
    const row = { fingerprint, certificate, since: now(), until: null }
    await tx.deleteFrom('gateway_keys').where('fingerprint', '=', fingerprint).execute()
    await tx.insertInto('gateway_keys').values(guard.seal('gateway_keys', row)).execute()
    const detail = { principal: 'gateway', from, to: fingerprint, certificate: digest }
    return {
      value: undefined,
      events: [{ type: 'certificate.changed', outcome: 0, actor: SYSTEM, detail }],
    }
  })
}

async function formerKeys(
  parts: GatewayKeyParts,
): Promise<{ readonly certificate: string; readonly until: string }[]> {
  const keys = await guardedKeys(parts)
  const ended = keys.flatMap(({ certificate, until }) =>
    until === null ? [] : [{ certificate, until }],
  )
  return ended
    .sort((a, b) => b.until - a.until)
    .slice(0, MAX_FORMER)
    .map(({ certificate, until }) => ({
      certificate,
      until: new Date(until + OVERLAP_MS).toISOString(),
    }))
}

/**
 * If the current key in a row is neither the newest nor ours, somebody restored an old row to bring
 * a replaced key back into use.
 */
async function guardedKeys({ state, guard, key }: GatewayKeyParts) {
  const isPutBack = ({ fingerprint, until }: GatewayKeyTable) => {
    const newest = guard.history.certificate('gateway')?.fingerprint
    return (
      until === null && newest !== undefined && ![newest, key.fingerprint].includes(fingerprint)
    )
  }
  const read = async () => {
    await guard.history.follow()
    return state.db.selectFrom('gateway_keys').selectAll().execute()
  }
  let rows = await read()
  // Another gateway may have recorded its key between the two reads.
  if (rows.some(isPutBack)) rows = await read()
  return guard.sift('gateway_keys', rows, ({ fingerprint }) => fingerprint, isPutBack)
}
