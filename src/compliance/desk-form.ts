/** Validates what people submit about rows. */
import { NocturneError } from '../lib/errors.js'
import { dayOf } from './check.js'
import type { Statement } from './run.js'

export interface NewStatement {
  readonly row: string
  readonly says: Statement['says']
  readonly text: string
  readonly attachments: readonly string[]
  readonly until: string
}

export interface NewAction {
  readonly row: string
  readonly owner: string
  readonly due: string
  readonly text: string
}

/** @throws NocturneError `bad_request` */
export function readDay(given: string): string {
  const time = Date.parse(`${given}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(given) || !Number.isFinite(time) || dayOf(time) !== given)
    throw new NocturneError('bad_request')
  return given
}

const MOST_CHARACTERS = 10_000

/**
 * @throws NocturneError `bad_request` for text that is empty, too long, or not text at all
 */
export function readText(given: string): string {
  const text = given.trim()
  const isGood =
    text !== '' &&
    text.length <= MOST_CHARACTERS &&
    text.isWellFormed() &&
    !/[^\t\n\r\P{Cc}]/u.test(text)
  if (!isGood) throw new NocturneError('bad_request')
  return text
}
