import type { ValueDigest } from './identity/hmac.js'
import type { Identifiers } from './search/identifiers.js'
import type { ElementReport } from './contract.js'
import type { UidPair } from './values/uid-pair.js'
import type { Pace } from '../lib/pace.js'
import type { Rules } from './rules/rules.js'
import type { Vocabulary } from './text/vocabulary.js'

/** What the rewriting of one instance needs to know. */
export interface Subject {
  readonly rules: Rules
  readonly identifiers: Identifiers
  /** An instance before named the very same people: as the slices of a series do. */
  readonly isRepeated: boolean
  readonly pace: Pace
  readonly mapUid: (uid: string) => string
  /** For the report: what stands in a value's place. */
  readonly digestValue: ValueDigest
  /** In place of Patient ID and Patient's Name. */
  readonly code: string
  readonly shiftSeconds: number
  /** The profile has the Clean Descriptors Option. */
  readonly cleansText: boolean
  /** Of the languages that the profile names. */
  readonly vocabulary: Vocabulary
  /** Pixel Data passes as it is, and so does what says where its frames begin. */
  readonly keepsOffsets: boolean
  readonly report: ElementReport[]
  /** Every UID that was replaced, as often as it was. */
  readonly uids: UidPair[]
}

/**
 * What happens to text that Table E.1-1 does not list: kept if it names nobody, cleaned by words,
 * or replaced; `hide` replaces codes, too.
 */
export type TextMode = 'check' | 'clean' | 'scrub' | 'hide'
