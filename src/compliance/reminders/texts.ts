/** What a reminder says. IDs and dates only: names are in the register. */
import type { ReminderGroup } from './give.js'
import type { ReminderKind } from './due.js'

const WHAT: Readonly<Record<ReminderKind, string>> = {
  organisation: 'An entry of the organisations',
  agreement: 'An agreement, or its review',
  training: 'Training',
  policy: 'The review of a policy',
  privilege: 'A privilege',
  device: 'The attestation of a device',
  vendor: 'The review of a vendor',
  sanction: 'An entry of the sanctions',
  incident: 'The notification of an incident',
  action: 'A planned action',
  statement: 'A statement about a rule',
  assessment: 'The yearly evaluation',
}

const NEXT: Readonly<Record<ReminderKind, string>> = {
  organisation: 'see nocturne register list organisation',
  agreement: 'renew it, then: nocturne register add agreement --replaces ID --set until=DATE',
  training: 'train the person, then: nocturne register add training',
  policy: 'review it, then: nocturne register add policy --replaces ID --set review=DATE',
  privilege: 'renew it, then: nocturne register add privilege --replaces ID --set until=DATE',
  device: 'check the device, then: nocturne register add device --replaces ID --set attested=DATE',
  vendor:
    'ask the vendor again, then: nocturne register add vendor --replaces ID --set review=DATE',
  sanction: 'see nocturne register list sanction',
  incident:
    'notify the individuals or decide that it is not a breach: nocturne register list incident',
  action: 'complete it, then: nocturne assess done ID --evidence TEXT',
  statement: 'state again what the site does: nocturne assess state ROW',
  assessment: 'run: nocturne assess run',
}

export interface ReminderText {
  readonly title: string
  readonly next: string
  /** The subject if there is one, otherwise how many there are. */
  readonly subject: string
}

export function reminderText({ kind, step, reminders }: ReminderGroup): ReminderText {
  const [first] = reminders
  const when =
    step === 0 ? 'is overdue' : step === 1 ? 'ends within a day' : `ends within ${step} days`
  return {
    title: `${WHAT[kind]} ${when}`,
    next: NEXT[kind],
    subject:
      first && reminders.length === 1
        ? `${first.subject}, ${first.due}`
        : `${reminders.length} entries, the first on ${first?.due ?? ''}`,
  }
}

/** The people whom reminders of these kinds are about, besides the officers. */
const PERSONAL: ReadonlySet<ReminderKind> = new Set(['training', 'privilege', 'device', 'action'])

export const personsOf = ({ kind, reminders }: ReminderGroup): readonly string[] =>
  PERSONAL.has(kind) ? [...new Set(reminders.map(({ subject }) => subject))] : []
