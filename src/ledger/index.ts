/**
 * The room that remembers: an append-only Merkle log (RFC 6962) of who touched what and when.
 *
 * In:  an event, and the change of state it records.
 * Out: a Receipt, which other rooms demand before they release a byte or answer success.
 * Always true: a change and its event are committed together or not at all; indices have no gaps; every size
 *      of the log has a signed checkpoint.
 * Trusts: its signing key. It does not trust the database: `verify` recomputes everything from the entries.
 */
export { EVENT_TYPES } from './log/events.js'
export type { Actor, EventInput, EventType, LedgerEntry, LedgerRow } from './log/events.js'
export { createLedger } from './log/ledger.js'
export type {
  EventQuery,
  Ledger,
  LedgerOptions,
  Receipt,
  Recorded,
  VerifyReport,
} from './log/ledger.js'
export { exportLedger } from './records/export.js'
export type { ExportQuery } from './records/export.js'
export { readPage } from './log/page.js'
export type { LedgerPage } from './log/page.js'
export { packageMembers } from './records/package.js'
export type { PackageRequest } from './records/package.js'
export { isPackageFormat, PACKAGE_FORMATS } from './records/renderings.js'
export type { PackageFormat } from './records/renderings.js'
export { checkAnchor, expectAnchor } from './log/anchor.js'
export { forgetHolders } from './log/cursor.js'
export { createPublisher } from './log/publish.js'
export type { Publisher } from './log/publish.js'
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
export { findAltered } from './log/altered.js'
export { addHold, readHolds, removeHold } from './retention/holds.js'
export type { Hold, HoldScope } from './retention/holds.js'
export { planPruning, proposePruning, prune, retentionMs } from './retention/prune.js'
export type { PruneOptions, PrunePlan, PruneReport } from './retention/prune.js'
export { eventSpans, lastOf } from './log/spans.js'
export { FINDINGS, nextReviewBy, recordReview, reviewState } from './retention/reviews.js'
export type { Finding, ReviewState } from './retention/reviews.js'
export { QUESTIONS } from './log/questions.js'
export type { Question } from './log/questions.js'
export { reindex } from './log/reindex.js'
export { restoreLedger } from './log/restore.js'
export type { RestoreReport } from './log/restore.js'
export { createWitness, newWitnessKey } from './witness/witness.js'
export type { Witness, WitnessAnswer, WitnessMemory } from './witness/witness.js'
export { createWitnessing } from './witness/witnessing.js'
export type { Submit, WitnessConfig, Witnessing, WitnessState } from './witness/witnessing.js'
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
export { newLedgerKey, verifierKeyOf } from './log/signer.js'
export type { LedgerKey } from './log/signer.js'

/** Verifying without the gateway. A browser imports these from their own files, which need no Node. */
export type { LedgerCrypto } from './verify/crypto.js'
export { readLines } from './verify/lines.js'
export { nodeCrypto } from './verify/node-crypto.js'
export { formatPolicy, parsePolicy } from './witness/policy.js'
export type { Policy } from './witness/policy.js'
export { verifyExport, verifyReceipt, verifyReceiptUnder } from './verify/verify.js'
export type { ReceiptReport } from './verify/verify.js'
export { verifyPublished } from './verify/verify-published.js'
export type { PublishedLog } from './verify/verify-published.js'
export { UNLISTED } from './records/package-about.js'
export { verifyPackage } from './verify/verify-package.js'
export type { PackageReport } from './verify/verify-package.js'
