/**
 * Generations of a facility's secret. The database holds the public ID of the current one, so that
 * a gateway with a different secret (not restarted after a rotation, or with a regenerated file)
 * cannot give a patient a second pseudonym.
 */
import type { Secrets } from '../config/index.js'
import type { Ledger } from '../ledger/log/index.js'
import { SYSTEM } from '../lib/actors.js'
import { NocturneError } from '../lib/errors.js'
import type { State } from '../state/index.js'

export interface FacilityKeys {
  /**
   * The 32-byte secret in use, followed by the former ones.
   * @throws NocturneError `site_invalid`
   */
  secretsOf(facility: string): readonly [Buffer, ...Buffer[]]
  /**
   * Checked before an upload is processed.
   * @throws NocturneError `facility_key_unknown` when another gateway rotated the secret
   */
  expectInUse(facility: string): Promise<void>
  /**
   * What `record` would refuse, without recording anything.
   * @throws NocturneError `facility_key_unknown`
   */
  expectKnown(): Promise<void>
  /**
   * On start: puts a rotated secret into effect and records the event. A secret that is neither the
   * current one nor its successor stops the gateway.
   *
   * @throws NocturneError `facility_key_unknown`, `ledger_unavailable`
   */
  record(): Promise<void>
}

export interface FacilityKeyParts {
  readonly facilities: readonly { readonly id: string }[]
  readonly secrets: Pick<Secrets, 'facilities' | 'retired'>
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'record'>
  /** The public ID of a secret. */
  readonly keyIdOf: (secret: Buffer) => string
  readonly now: () => number
}

export function createFacilityKeys(parts: FacilityKeyParts): FacilityKeys {
  const { secrets, keyIdOf, state } = parts
  const secretsOf = (facility: string): readonly [Buffer, ...Buffer[]] => {
    const secret = secrets.facilities.get(facility)
    if (!secret) throw new NocturneError('site_invalid', { subject: facility })
    return [secret, ...(secrets.retired?.get(facility) ?? []).toReversed()]
  }
  return {
    secretsOf,
    expectInUse: async (facility) => {
      const inUse = await keyInUse(state, facility)
      const [secret] = secretsOf(facility)
      if (inUse !== undefined && keyIdOf(secret) !== inUse)
        throw new NocturneError('facility_key_unknown', { subject: facility })
    },
    expectKnown: async () => {
      for (const { id } of parts.facilities)
        expectSuccessor(id, await keyInUse(state, id), secretsOf(id).map(keyIdOf))
    },
    record: async () => {
      for (const { id } of parts.facilities) await recordKey(parts, id, secretsOf(id).map(keyIdOf))
    },
  }
}

/**
 * @param ids IDs of the secrets, the current one first
 */
async function recordKey(
  { state, ledger, now }: FacilityKeyParts,
  facility: string,
  [current = '', ...retired]: readonly string[],
): Promise<void> {
  const before = await keyInUse(state, facility)
  if (before === current) return
  expectSuccessor(facility, before, [current, ...retired])
  const use = { facility, key_id: current, since: now(), retired_at: null }
  if (before === undefined) {
    // The first secret of a facility is not a change, so there is no event.
    await state.transaction((tx) =>
      tx
        .insertInto('facility_keys')
        .values(use)
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    )
    return
  }
  await ledger.record(async (tx) => {
    await tx
      .updateTable('facility_keys')
      .set({ retired_at: now() })
      .where('facility', '=', facility)
      .where('retired_at', 'is', null)
      .execute()
    await tx
      .insertInto('facility_keys')
      .values(use)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const detail = { from: before, to: current }
    const event = { type: 'facility.rekeyed', outcome: 0, actor: SYSTEM, facility, detail } as const
    return { value: undefined, events: [event] }
  })
}

/** The current secret, or one of the former ones, is the one in use. */
function expectSuccessor(
  facility: string,
  inUse: string | undefined,
  ids: readonly string[],
): void {
  if (inUse !== undefined && !ids.includes(inUse))
    throw new NocturneError('facility_key_unknown', { subject: facility })
}

async function keyInUse({ db }: Pick<State, 'db'>, facility: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('facility_keys')
    .select('key_id')
    .where('facility', '=', facility)
    .where('retired_at', 'is', null)
    .executeTakeFirst()
  return row?.key_id
}
