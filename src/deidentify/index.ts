/**
 * The room that removes identity: PS3.15 Annex E under a facility's profile.
 *
 * In:  a received instance as a stream.
 * Out: a DeidentifiedInstance, whose bytes may be sent to a reader; or a NocturneError, upon which
 *      the original is quarantined.
 * Always true: the whole file is walked, at every depth and after Pixel Data; elements that are
 *      kept are copied byte for byte, and so is pixel data except where a blanking rule applies;
 *      nothing is output before the new header has been re-read and searched.
 * Trusts: the facility's secret. Not the file, nor its VRs and lengths.
 */
export type {
  InstanceFacts,
  ElementReport,
  DeidentifiedInstance,
  Pseudonym,
  FoundWord,
  TextDetector,
  AttributeRecipient,
  DeidentifyContext,
} from './contract.js'
export { deidentify } from './deidentify.js'
export { readWords } from './text/vocabulary.js'
