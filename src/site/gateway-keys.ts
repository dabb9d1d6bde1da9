/**
 * The key that signs manifests: which key it is, whether it may sign now, and which keys preceded
 * it.
 */
import { createHash } from 'node:crypto'
import type { Ledger } from '../ledger/log/index.js'
import { SYSTEM } from '../lib/actors.js'
import { NocturneError } from '../lib/errors.js'
import type { State } from '../state/index.js'

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
    former: () => formerKeys(parts.state),
  }
}

async function recordKey({ state, ledger, key, now }: GatewayKeyParts): Promise<void> {
  const { fingerprint, certificate } = key
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

async function formerKeys(
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
