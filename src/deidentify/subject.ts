import type { ValueDigest } from './identity/hmac.js'
import type { Identifiers } from './search/identifiers.js'
import type { ElementReport } from './contract.js'
import type { UidPair } from './values/uid-pair.js'
import type { Pace } from '../lib/pace.js'
import type { Rules } from './rules/rules.js'
import type { Vocabulary } from './text/vocabulary.js'

/** What is needed to rewrite one instance. */
export interface Subject {
  readonly rules: Rules
  readonly identifiers: Identifiers
  readonly pace: Pace
  readonly mapUid: (uid: string) => string
  /** For the report: digest of the value that was replaced. */
  readonly digestValue: ValueDigest
  /** Replaces Patient ID and Patient's Name. */
  readonly code: string
  readonly shiftSeconds: number
  /** Whether the profile includes the Clean Descriptors Option. */
  readonly cleansText: boolean
  /** In the languages listed in the profile. */
  readonly vocabulary: Vocabulary
  /** Pixel Data is copied unchanged, and so are the offsets of its frames. */
  readonly keepsOffsets: boolean
  readonly report: ElementReport[]
  /** One entry for every replacement of a UID, including repeats. */
  readonly uids: UidPair[]
}

/**
 * How text is treated that Table E.1-1 does not list: `check` keeps it if it names nobody, `clean`
 * filters it word by word, `scrub` replaces it, and `hide` also replaces codes.
 */
export type TextMode = 'check' | 'clean' | 'scrub' | 'hide'
