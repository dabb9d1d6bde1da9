/**
 * Content items about the subject of a report (PS3.15 E.3.4). Values are cleaned according to their
 * type, which keeps numbers, codes and shifted dates. That leaves three concepts of Table E.3.4-1
 * that would still describe the subject.
 */
import { type Element, findElement } from '../../dicom/elements/index.js'
import type { Rule, Rules } from './rules.js'

/** Content, Acquisition Context, and Specimen Preparation Step Content Item Sequence. */
const CONTENT_SEQUENCES: ReadonlySet<number> = new Set([0x0040a730, 0x00400555, 0x00400612])
const CONCEPT_NAME = 0x0040a043
const CODE_VALUE = 0x00080100
const SUBJECT_BIRTH_DATE = '121031'
/** Subject Sex and Subject Age, which the Retain Patient Characteristics Option keeps. */
const CHARACTERISTICS: ReadonlySet<string> = new Set(['121032', '121033'])

/** Whether the values of an item in the sequence `tag` must be removed. */
export function tellsOfSubject(
  tag: number,
  elements: readonly Element[],
  buffer: Buffer,
  { keepsCharacteristics }: Rules,
): boolean {
  if (!CONTENT_SEQUENCES.has(tag)) return false
  const [name] = findElement(elements, CONCEPT_NAME)?.items ?? []
  const code = name && findElement(name.elements, CODE_VALUE)
  if (!code) return false
  const concept = buffer.toString('latin1', code.valueStart, code.valueEnd).trim()
  return concept === SUBJECT_BIRTH_DATE || (CHARACTERISTICS.has(concept) && !keepsCharacteristics)
}

const goes = (step: 'empty' | 'dummy'): Rule => ({
  step,
  base: step,
  reason: 'E.3.4 subject',
  option: undefined,
})

/** The rules for the values of such an item: a dummy if the value is type 1, otherwise empty. */
export const SUBJECT_RULES: ReadonlyMap<number, Rule> = new Map([
  [0x0040a120, goes('dummy')],
  [0x0040a121, goes('dummy')],
  [0x0040a160, goes('dummy')],
  [0x0040a168, goes('dummy')],
  [0x0040a300, goes('empty')],
])
