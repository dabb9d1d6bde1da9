/** The key that signs manifests: whether it may sign now, which one it is, and which ones it was. */
import { createHash } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import type { Rooms } from '../rooms.js'
import { inspectCertificate, problemOfSigner } from '../seal/index.js'
import type { State } from '../state/index.js'
import { SYSTEM } from '../transfer/sweep.js'

/** Of the keys before, the newest: what is handed to readers has an end. */
const MAX_FORMER = 20

/** Gateways on one database start one after another: the key before signs on until the last of them has. */
const OVERLAP_MS = 86_400_000

/**
 * Asked before a byte of a transfer is taken: a key that ran out while the gateway was serving signs nothing more.
 *
 * @throws NocturneError `gateway_key_unfit`
 */
export async function expectGatewayKey({
  gatewayKey,
  site,
  now,
}: Pick<Rooms, 'gatewayKey' | 'site' | 'now'>): Promise<void> {
  const { certificate } = gatewayKey
  const unfit = problemOfSigner(
    await inspectCertificate(certificate, new Date(now()), site.config.keys),
  )
  if (unfit) throw new NocturneError('gateway_key_unfit', { subject: unfit.reason })
}

/** On start: another key, or the same with another certificate, is an event, and the one before stays known. */
export async function recordGatewayKey({ state, ledger, gatewayKey, now }: Rooms): Promise<void> {
  const { fingerprint, certificate } = gatewayKey
  const before = await state.db
    .selectFrom('gateway_keys')
    .select(['fingerprint', 'certificate'])
    .where('until', 'is', null)
    .executeTakeFirst()
  if (before?.certificate === certificate) return
  const digest = createHash('sha256').update(certificate).digest('hex')
  const from = before?.fingerprint ?? null
  await ledger.record(async (tx) => {
    const row = { fingerprint, certificate, since: now(), until: null }
    await tx.updateTable('gateway_keys').set({ until: now() }).where('until', 'is', null).execute()
    await tx
      .insertInto('gateway_keys')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('fingerprint').doUpdateSet({ certificate, until: null }),
      )
      .execute()
    const detail = { principal: 'gateway', from, to: fingerprint, certificate: digest }
    return {
      value: undefined,
      events: [{ type: 'certificate.changed', outcome: 0, actor: SYSTEM, detail }],
    }
  })
}

/** The keys before, the newest first, each with its end in RFC 3339: manifests that they signed are still there. */
export async function formerGatewayKeys(
  state: Pick<State, 'db'>,
): Promise<{ readonly certificate: string; readonly until: string }[]> {
  const rows = await state.db
    .selectFrom('gateway_keys')
    .select(['certificate', 'until'])
    .where('until', 'is not', null)
    .orderBy('until', 'desc')
    .limit(MAX_FORMER)
    .execute()
  return rows.flatMap(({ certificate, until }) =>
    until === null ? [] : [{ certificate, until: new Date(until + OVERLAP_MS).toISOString() }],
  )
}
