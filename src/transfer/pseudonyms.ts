/**
 * The code and the date shift that replace a patient's identity: random, made once per facility,
 * and stored under the patient's keyed handle (45 CFR 164.514(c): a code must not be derived from
 * information about the patient). Only the crosswalk, which only the facility can open, maps them
 * back.
 */
import { randomInt } from 'node:crypto'
import type { Pseudonym } from '../deidentify/index.js'
import type { Db } from '../state/index.js'
import type { UploadTarget } from './begin.js'
import type { TransferRooms } from './rooms.js'

/** Letters and digits that cannot be mistaken for one another on a worksheet. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const CODE_LENGTH = 12
const DAY_SECONDS = 86_400
/**
 * Shifts into the past by whole days, so that times of day and intervals between dates are
 * preserved; ten years at most.
 */
const MAX_SHIFT_DAYS = 3_650
const MIN_SHIFT_DAYS = 30

export function pseudonymsOf(
  rooms: TransferRooms,
  target: UploadTarget,
): (handle: string) => Promise<Pseudonym> {
  // Instances of one patient usually arrive together, so caching the last answer serves the whole
  // series.
  let last: { handle: string; pseudonym: Promise<Pseudonym> } | undefined
  return (handle) => {
    if (last?.handle !== handle) {
      const pseudonym = findOrMake(rooms, target, handle)
      pseudonym.catch(() => (last = undefined))
      last = { handle, pseudonym }
    }
    return last.pseudonym
  }
}

async function findOrMake(
  rooms: TransferRooms,
  target: UploadTarget,
  handle: string,
): Promise<Pseudonym> {
  const found = await find(rooms.state.db, target.facility, handle)
  if (found) return found
  const pseudonym = {
    code: newCode(),
    shiftSeconds: -randomInt(MIN_SHIFT_DAYS, MAX_SHIFT_DAYS) * DAY_SECONDS,
  }
  const { value } = await rooms.ledger.record(async (tx) => {
    // Another upload may have been first; then its pseudonym is the patient's.
    const other = await find(tx, target.facility, handle)
    if (!other) {
      await tx
        .insertInto('patients')
        .values({
          facility: target.facility,
          handle,
          code: pseudonym.code,
          shift_seconds: pseudonym.shiftSeconds,
          created_at: rooms.now(),
        })
        .execute()
    }
    return {
      value: other ?? pseudonym,
      events: [
        {
          type: 'patient.coded',
          outcome: 0,
          actor: target.actor,
          facility: target.facility,
          patient: handle,
        },
      ],
    }
  })
  return value
}

async function find(
  db: Pick<Db, 'selectFrom'>,
  facility: string,
  handle: string,
): Promise<Pseudonym | undefined> {
  const row = await db
    .selectFrom('patients')
    .select(['code', 'shift_seconds'])
    .where('facility', '=', facility)
    .where('handle', '=', handle)
    .executeTakeFirst()
  return row && { code: row.code, shiftSeconds: row.shift_seconds }
}

const newCode = (): string =>
  Array.from({ length: CODE_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')
