/** Opens publishing, witnesses and sinks of the ledger, and compliance. */
import { createAlerts } from '../alerts/index.js'
import type { Alerts } from '../alerts/index.js'
import { createCompliance, probeEndpoint, sampleObjects } from '../compliance/index.js'
import type { Compliance } from '../compliance/index.js'
import { giveReminders, personsOf, reminderText } from '../compliance/reminders/index.js'
import type { ReminderGroup } from '../compliance/reminders/index.js'
import { createPublisher } from '../ledger/published/index.js'
import type { Publisher } from '../ledger/published/index.js'
import { retentionMs } from '../ledger/retention/index.js'
import { eventSpans, lastOf, reviewState } from '../ledger/reviews/index.js'
import { createForwarding, createSend } from '../ledger/sinks/index.js'
import type { Forwarding } from '../ledger/sinks/index.js'
import type { Notice } from '../notify/index.js'
import { createWitnessing } from '../ledger/witness/index.js'
import type { Witnessing } from '../ledger/witness/index.js'
import { SYSTEM } from '../lib/actors.js'
import { noticeOf } from '../running/alerting.js'
import { VERSION } from '../lib/version.js'
import { submitCheckpoint } from '../running/witnessing.js'
import { drawItems } from '../transfer/index.js'
import type { AskingRooms } from './asking.js'
import type { Ground } from './ground.js'
import type { ReadingRooms } from './reading.js'
import type { RecordRooms } from './records.js'

/** Number of objects that an assessment samples from the store. */
const SAMPLED_OBJECTS = 20

export interface OversightRooms {
  readonly publisher: Publisher
  readonly witnessing: Witnessing
  readonly forwarding: Forwarding
  readonly compliance: Compliance
  readonly alerts: Alerts
  /** Gives the reminders that are due, and reports whether the review of activity is overdue. */
  readonly remind: () => Promise<{ readonly given: number; readonly isReviewOverdue: boolean }>
}

export async function openOversight(
  ground: Ground,
  records: Pick<RecordRooms, 'certificates'>,
  asking: Pick<AskingRooms, 'tokens'>,
  { notify }: Pick<ReadingRooms, 'notify'>,
): Promise<OversightRooms> {
  const { site, state, ledger, logFiles, holder, origin, now } = ground
  const { witnesses, sinks, ledger: kept } = site.config
  const witnessing = await createWitnessing({
    ...{ state, ledger, witnesses, submit: submitCheckpoint, holder, now },
  })
  const forwarding = createForwarding({
    ...{ state, ledger, sinks, send: createSend(), holder, now },
    source: () => ({ origin: origin() }),
  })
  const publisher = createPublisher({
    ...{ state, files: logFiles, verifierKey: ledger.verifierKey, holder, now },
    keepMs: retentionMs(kept.retention.years),
  })
  const compliance = openCompliance(ground, { ...records, ...asking, witnessing, forwarding })
  return {
    ...{ publisher, witnessing, forwarding, compliance },
    alerts: openAlerts(ground, notify),
    remind: async () => ({
      given: await giveReminders({
        ...{ state, ledger, system: SYSTEM, now, things: () => compliance.dates() },
        announce: (tx, group) => notify.tell(tx, ...noticeOfReminders(ground, group)),
      }),
      isReviewOverdue: (await reviewState(state.db, kept.review.days, now())).isOverdue,
    }),
  }
}

/** For the officers, and the people whom it is about. */
const noticeOfReminders = (
  { site, origin, now }: Ground,
  group: ReminderGroup,
): readonly [readonly string[], Notice] => {
  const { title, next, subject } = reminderText(group)
  const { people } = site.config
  const known = new Set(people.map(({ id }) => id))
  const officers = people.filter(({ role }) => role === 'officer').map(({ id }) => id)
  return [
    [...officers, ...personsOf(group).filter((id) => known.has(id))],
    {
      key: `reminder|${group.key}`,
      event: 'alert.raised',
      ...{ alert: title, next, subject },
      at: new Date(now()).toISOString(),
      link: `${origin()}/office`,
    },
  ]
}

/** Officers and operators are notified. */
const openAlerts = (
  { site, state, ledger, guard, logger, origin, now }: Ground,
  notify: ReadingRooms['notify'],
): Alerts => {
  const people = () =>
    site.config.people
      .filter(({ role }) => role === 'officer' || role === 'operator')
      .map(({ id }) => id)
  return createAlerts({
    ...{ state, ledger, system: SYSTEM, now },
    announce: (tx, alert) => notify.tell(tx, people(), noticeOf(alert, origin())),
    raised: ({ rule }) => logger.warn('an alert was raised', { alert: rule }),
    tag: (text) => guard.tag(text),
  })
}

interface ComplianceRooms
  extends
    Pick<RecordRooms, 'certificates'>,
    Pick<AskingRooms, 'tokens'>,
    Pick<OversightRooms, 'witnessing' | 'forwarding'> {}

const openCompliance = (
  { site, state, ledger, guard, store, keys, now }: Ground,
  { certificates, tokens, witnessing, forwarding }: ComplianceRooms,
): Compliance =>
  createCompliance({
    ...{ config: site.config, state, ledger, guard, version: VERSION, now, probe: probeEndpoint },
    inspect: keys.inspect,
    ledgerSources: {
      spans: () => eventSpans(state.db),
      lastOf: (type) => lastOf(state.db, type),
      review: () => reviewState(state.db, site.config.ledger.review.days, now()),
      proposed: () => certificates.waiting(),
      witnessed: () => witnessing.witnessed(),
      sinks: () => forwarding.status(),
    },
    systemSources: {
      node: process.version,
      verifyLedger: () => ledger.verify(),
      tokens: () => tokens.list(),
      sample: async () => sampleObjects(store, await drawItems(state, SAMPLED_OBJECTS)),
    },
  })
