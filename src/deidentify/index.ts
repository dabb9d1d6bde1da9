/**
 * The room that takes identity away: PS3.15 Annex E under a facility's profile.
 *
 * In:  a received instance as a stream.
 * Out: DeidentifiedInstance, whose bytes may go to a reader; or NocturneError, and the original
 *      goes to quarantine.
 * Always true: the whole file is walked, at every depth and behind Pixel Data; kept elements are
 *      copied byte for byte, and so is pixel data but for what a blanking rule covers; nothing
 *      leaves before the new header was read again and scanned.
 * Trusts: the facility's secret. Not the file, not its VRs, not its lengths.
 */
export type {
  InstanceFacts,
  ElementReport,
  DeidentifiedInstance,
  Pseudonym,
  TextDetector,
  AttributeRecipient,
  DeidentifyContext,
} from './contract.js'
export { deidentify } from './deidentify.js'
