/**
 * The room that remembers: an append-only Merkle log (RFC 6962) of who touched what and when.
 *
 * In:  an event, and the change of state it records.
 * Out: a Receipt, which other rooms demand before they release a byte or answer success.
 * Always true: a change and its event are committed together or not at all; indices have no gaps; every size
 *      of the log has a signed checkpoint.
 * Trusts: its signing key. It does not trust the database: `verify` recomputes everything from the entries.
 */
export { EVENT_TYPES } from './events.js'
export type { Actor, EventInput, EventType, LedgerEntry, LedgerRow } from './events.js'
export { createLedger } from './ledger.js'
export type {
  EventQuery,
  Ledger,
  LedgerOptions,
  Receipt,
  Recorded,
  VerifyReport,
} from './ledger.js'
export { exportLedger } from './export.js'
export type { ExportQuery } from './export.js'
export { readPage } from './page.js'
export type { LedgerPage } from './page.js'
export { packageMembers } from './package.js'
export type { PackageRequest } from './package.js'
export { isPackageFormat, PACKAGE_FORMATS } from './renderings.js'
export type { PackageFormat } from './renderings.js'
export { checkAnchor, expectAnchor } from './anchor.js'
export { forgetHolders } from './cursor.js'
export { createPublisher } from './publish.js'
export type { Publisher } from './publish.js'
export { toAuditEvent } from './records/audit-event.js'
export { BALP, namespaces } from './records/codes.js'
export { eventTypeSystem } from './records/code-system.js'
export { toAuditMessage } from './records/audit-message.js'
export type { AuditEvent } from './records/fhir-types.js'
export type { RecordSource } from './records/objects.js'
export { parseRecordSearch } from './records/search.js'
export type { RecordSearch } from './records/search.js'
export { PARAMETERS as RECORD_PARAMETERS } from './records/search-parameters.js'
export { splitAt, tokenOf } from './records/search-values.js'
export { findAltered } from './altered.js'
export { addHold, readHolds, removeHold } from './holds.js'
export type { Hold, HoldScope } from './holds.js'
export { planPruning, proposePruning, prune, retentionMs } from './prune.js'
export type { PruneOptions, PrunePlan, PruneReport } from './prune.js'
export { FINDINGS, nextReviewBy, recordReview, reviewState } from './reviews.js'
export type { Finding, ReviewState } from './reviews.js'
export { QUESTIONS } from './questions.js'
export type { Question } from './questions.js'
export { reindex } from './reindex.js'
export { restoreLedger } from './restore.js'
export type { RestoreReport } from './restore.js'
export { createWitness, newWitnessKey } from './witness.js'
export type { Witness, WitnessAnswer, WitnessMemory } from './witness.js'
export { createWitnessing } from './witnessing.js'
export type { Submit, WitnessConfig, Witnessing, WitnessState } from './witnessing.js'
export { createForwarding } from './sinks/forwarding.js'
export type {
  Forwarder,
  Forwarding,
  ForwardingOptions,
  SinkConfig,
  SinkStatus,
} from './sinks/forwarding.js'
export type { SinkFormat } from './sinks/message.js'
export { createSend } from './sinks/syslog-tls.js'
export type { Send } from './sinks/syslog-tls.js'
export { newLedgerKey, verifierKeyOf } from './signer.js'
export type { LedgerKey } from './signer.js'

/** Verifying without the gateway. A browser imports these from their own files, which need no Node. */
export type { LedgerCrypto } from './crypto.js'
export { readLines } from './lines.js'
export { nodeCrypto } from './node-crypto.js'
export { formatPolicy, parsePolicy } from './policy.js'
export type { Policy } from './policy.js'
export { verifyExport, verifyReceipt, verifyReceiptUnder } from './verify.js'
export type { ReceiptReport } from './verify.js'
export { verifyPublished } from './verify-published.js'
export type { PublishedLog } from './verify-published.js'
export { UNLISTED } from './package-about.js'
export { verifyPackage } from './verify-package.js'
export type { PackageReport } from './verify-package.js'
