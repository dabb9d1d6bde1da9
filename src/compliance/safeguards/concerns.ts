/** Which weaknesses concern which station. Pure. */
import type { Weakness } from '../weaknesses.js'

const GATEWAY = new Set([
  ...['transport-configured', 'transport-current', 'backends-encrypted', 'refuses-anonymous'],
  ...['uploads-bounded', 'software-supported', 'ledger-intact', 'witnesses-named'],
  ...['witnessed-lately', 'sinks-told', 'keys-strong', 'private-keys-elsewhere'],
  ...['secrets-private', 'recovery-certificate', 'sign-in-limited'],
])
const STORE: Readonly<Record<'database' | 'store' | 'backups', readonly string[]>> = {
  database: ['backends-encrypted', 'secrets-private'],
  store: ['backends-encrypted', 'stored-sealed', 'stored-intact'],
  backups: ['backup-configured', 'backup-recent', 'restore-drilled', 'recovery-exercised'],
}
/** About parties and their keys: they concern the stations whose IDs they name. */
const PARTY = [
  ...['agreements-in-force', 'agreements-documented', 'agreement-safeguards'],
  ...['agreement-subcontractors', 'agreement-incidents', 'agreement-return', 'keys-usable'],
  ...['keys-recorded', 'key-changes-confirmed', 'one-key-per-person'],
]
const AT_ORIGIN = new Set([...PARTY, 'identity-removed'])
const AT_GROUP = new Set([
  ...[...PARTY, 'keys-proven', 'training-current', 'privileges-current', 'access-by-role'],
  ...['devices-registered', 'devices-attested', 'devices-guarded', 'devices-wiped'],
])

export const ofOrigin = (all: readonly Weakness[], facility: string): readonly Weakness[] =>
  all.filter((one) => AT_ORIGIN.has(one.check) && isAbout(one, [facility]))

export const ofGateway = (all: readonly Weakness[]): readonly Weakness[] =>
  all.filter(({ check }) => GATEWAY.has(check))

export const ofStore = (all: readonly Weakness[], what: keyof typeof STORE): readonly Weakness[] =>
  all.filter(({ check }) => STORE[what].includes(check))

export const ofGroup = (all: readonly Weakness[], ids: readonly string[]): readonly Weakness[] =>
  all.filter((one) => AT_GROUP.has(one.check) && isAbout(one, ids))

/** A list that was cut short, or that says that no device is there, may concern anybody. */
const isAbout = ({ problem }: Weakness, ids: readonly string[]): boolean => {
  const words = new Set(problem.split(/[^\w.-]+/))
  return ids.some((id) => words.has(id)) || /\bmore$|none registered/.test(problem)
}
