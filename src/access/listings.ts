/**
 * Who looked at a list of transfers (DICOM 110112, Query). Inboxes are polled, day and night: of
 * each person and list one look an hour is an event, which says how many went unrecorded since the
 * one before.
 */
import type { Actor, Ledger } from '../ledger/log/index.js'

export type ListName = 'transfers' | 'inbox' | 'quarantine' | 'crosswalks' | 'cases'

const HOUR_MS = 3_600_000

/** @throws NocturneError `ledger_unavailable`, from the function that it answers */
export function createListings(
  ledger: Pick<Ledger, 'note'>,
  now: () => number,
): (actor: Actor, list: ListName) => Promise<void> {
  /** By person and list, so that the configuration bounds them. */
  const looks = new Map<string, { readonly recordedAt: number; unrecorded: number }>()

  return async (actor, list) => {
    const key = `${actor.id} ${list}`
    const last = looks.get(key)
    if (last && now() - last.recordedAt < HOUR_MS) {
      last.unrecorded += 1
      return
    }
    const unrecorded = last?.unrecorded ?? 0
    await ledger.note({
      type: 'transfer.listed',
      outcome: 0,
      actor,
      detail: { query: { list }, ...(unrecorded > 0 && { unrecorded }) },
    })
    looks.set(key, { recordedAt: now(), unrecorded: 0 })
  }
}
