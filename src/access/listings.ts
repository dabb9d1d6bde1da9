/**
 * Records who viewed a list of transfers (DICOM 110112, Query). Inboxes are polled day and night,
 * so only one view per hour, person and list is an event. It states how many views went unrecorded
 * since the previous one.
 */
import type { Actor, Ledger } from '../ledger/log/index.js'

export type ListName =
  'reports' | 'transfers' | 'inbox' | 'quarantine' | 'crosswalks' | 'cases' | 'waiting'

const HOUR_MS = 3_600_000

/** @throws NocturneError `ledger_unavailable`, from the returned function. */
export function createListings(
  ledger: Pick<Ledger, 'note'>,
  now: () => number,
): (actor: Actor, list: ListName) => Promise<void> {
  /** By person and list, so that its size is bounded by the configuration. */
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
