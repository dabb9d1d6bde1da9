/** When a person may be disturbed. */
import type { SiteConfig } from '../config/index.js'
import { endOfHours, onDuty } from '../duty/index.js'
import type { Tx } from '../state/index.js'
import { rosterOf } from './announce.js'

/**
 * When the person's quiet hours around `at` end; undefined outside them, and for a person who is on
 * duty by a roster.
 */
export async function quietUntil(
  config: Pick<SiteConfig, 'groups' | 'people'>,
  tx: Tx,
  person: string,
  at: number,
): Promise<number | undefined> {
  const quiet = config.people.find(({ id }) => id === person)?.contact?.quiet
  const until = quiet && endOfHours(quiet, quiet.timezone, at)
  if (until === undefined) return undefined
  for (const { id, readers } of config.groups) {
    const roster = readers.includes(person) && (await rosterOf(config, tx, id, at))
    if (!roster) continue
    const { readers: reading, backups } = onDuty(roster, at)
    if (reading.includes(person) || backups.includes(person)) return undefined
  }
  return until
}
