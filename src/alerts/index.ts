/**
 * The room that raises alerts: what somebody should look at now, by a table of rules.
 *
 * In:  the ledger as it grows, and states that the composition observes (the store, the database,
 *      the witnesses, the clock).
 * Out: the event `alert.raised`, which reaches every sink; a notification to officers and
 *      operators; counts for the metrics.
 * Always true: each alert is one event, raised once however many gateways see its cause; it names
 *      principals, keys and entries of the ledger, never a patient; a restart misses nothing of the
 *      last hour.
 * Trusts: the ledger.
 */
export { createAlerts } from './alerts.js'
export type { Alert, Alerts } from './alerts.js'
export { RULES } from './rules.js'
export type { RuleId, StateRuleId } from './rules.js'
