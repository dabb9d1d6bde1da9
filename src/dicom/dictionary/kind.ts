/**
 * What kind of value an element holds: by the VR that PS3.6 gives it, and by the one that the file
 * does.
 */
import { vrOf } from './dictionary.js'
import { type Element, TEXT_VRS } from '../elements/element.js'

export interface Kind {
  /** PS3.6's; the file's own where PS3.6 does not list the tag. */
  readonly vr: string
  /** Numbers written as text: each is compared as a whole. */
  readonly isNumber: boolean
  /** People write it: searched as text, in the character set of its data set. */
  readonly isWritten: boolean
  /** Parsed value by value (UI, DA, TM, DT). */
  readonly isSplit: boolean
  /** Decoded or split in one step. */
  readonly isText: boolean
  /**
   * Digits that are no text: a number of the source comes up within them by chance, and their form
   * was checked.
   */
  readonly isFormed: boolean
}

const NUMBERS: ReadonlySet<string> = new Set(['AS', 'DS', 'IS'])
const FORMED: ReadonlySet<string> = new Set('AS DA DS DT IS TM UI'.split(' '))
const SPLIT: ReadonlySet<string> = new Set(['DA', 'DT', 'TM', 'UI'])
const WRITTEN: ReadonlySet<string> = new Set([...TEXT_VRS, 'CS', 'AE', 'UR', 'PN'])

const kinds = new Map<string, Map<string, Kind>>()

/** By the pair of VRs: there are some hundreds of pairs, and every value asks. */
export function kindOf({ tag, vr: own }: Pick<Element, 'tag' | 'vr'>): Kind {
  const vr = vrOf(tag) ?? own
  return kinds.get(vr)?.get(own) ?? newKind(vr, own)
}

function newKind(vr: string, own: string): Kind {
  const isWritten = WRITTEN.has(vr) || WRITTEN.has(own)
  const kind = {
    vr,
    isNumber: NUMBERS.has(vr),
    isWritten,
    isSplit: SPLIT.has(vr),
    isText: isWritten || SPLIT.has(vr),
    isFormed: FORMED.has(vr),
  }
  const byOwn = kinds.get(vr) ?? new Map<string, Kind>()
  kinds.set(vr, byOwn.set(own, kind))
  return kind
}
