/** What can be requested, and how the caller may relate to what it is about. */
/** Actions without an object: they concern a list, the ledger or the gateway itself. */
export const GLOBAL_ACTIONS = [
  'gateway.metrics',
  'transfer.create',
  'transfer.list',
  'quarantine.list',
  'crosswalk.read',
  'inbox.read',
  'audit.read',
  'audit.export',
  'audit.review',
  'audit.hold',
  'audit.prune',
  'member.confirm',
  'member.invite',
  'site.read',
  'token.revoke',
  'compliance.read',
  'compliance.write',
  'key.check',
  'duty.read',
  'duty.swap',
  'push.subscribe',
  'handover.list',
  'report.list',
  'feedback.list',
  'intake.list',
  'intake.assign',
] as const

/** Every action that can be requested. */
export const ACTIONS = [
  ...GLOBAL_ACTIONS,
  'transfer.read',
  'transfer.add',
  'transfer.complete',
  'quarantine.read',
  'quarantine.discard',
  'quarantine.release',
  'transfer.claim',
  'transfer.release',
  'case.close',
  'case.export',
  'case.note',
  'case.reassign',
  'case.recall',
  'case.prioritize',
  'case.join',
  'case.split',
  'case.share',
  'transfer.acknowledge',
  'report.send',
  'report.read',
  'report.acknowledge',
  'feedback.give',
  'manifest.read',
  'item.read',
  'receipt.read',
  'recipient.add',
  'recipient.remove',
] as const

export type Action = (typeof ACTIONS)[number]

/**
 * How the caller relates to the object: `global` if the action has no object; `none` for a transfer
 * that does not exist or does not concern the caller. Each of `own-group`, `sealed-to` and
 * `claimant` includes the previous one.
 */
export const RELATIONS = [
  'global',
  'none',
  'own-facility',
  'own-group',
  'sealed-to',
  'claimant',
] as const

export type Relation = (typeof RELATIONS)[number]
