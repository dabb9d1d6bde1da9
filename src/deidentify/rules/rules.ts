/**
 * What happens to an element: Table E.1-1 under the options of a profile, and rules by VR for
 * attributes it does not list.
 */
import {
  ATTRIBUTES,
  attributeOf,
  groupOf,
  hex,
  isPrivate,
  vrOf,
} from '../../dicom/dictionary/index.js'
import { CONFIDENTIALITY } from './annex-e.js'
import type { ConfidentialityRow } from './annex-e.js'
import type { Element } from '../../dicom/elements/index.js'
import {
  FULL_DATES,
  MODIFIED_DATES,
  OPTIONS,
  PATIENT_CHARACTERISTICS,
  RETAIN_UIDS,
  SAFE_PRIVATE,
} from './options.js'
import type { Profile } from './profile.js'
import { ALIKE, PROSE } from './unlisted.js'

/** Actions of Table E.1-1 that depend on the element alone: X, Z, D and U. */
export type Base = 'remove' | 'empty' | 'dummy' | 'remap'

export interface Rule {
  /**
   * `keep` and `check` recurse into sequences. `check` also searches text for identifiers, and
   * `prose` keeps only known words.
   */
  readonly step: Base | 'keep' | 'check' | 'prose' | 'date' | 'timezone' | 'clean' | 'code'
  /** Applied when `step` leaves nothing that may stay. */
  readonly base: Base
  readonly reason: string
  readonly option?: string | undefined
}

export interface Rules {
  ruleFor(element: Pick<Element, 'tag' | 'vr' | 'fragments'>): Rule
  /** Whether Table E.1-1 has a row for this tag. */
  isListed(tag: number): boolean
  /**
   * The Retain Safe Private Option: private elements are examined before `ruleFor` removes them.
   */
  readonly keepsSafePrivate: boolean
  /** The Retain Patient Characteristics Option: also decides about content items of reports. */
  readonly keepsCharacteristics: boolean
  /** Ages over 90 years become 90. */
  readonly capsAges: boolean
  /** The option for dates, which also applies to elements outside the table. */
  readonly dates: 'modified' | 'full' | 'removed'
}

const STEPS: Readonly<Record<ConfidentialityColumn, Base>> = {
  X: 'remove',
  Z: 'empty',
  D: 'dummy',
  U: 'remap',
  // The form that is valid for every type of the attribute: empty for type 2, a dummy for type 1,
  // and either for type 3.
  'X/Z': 'empty',
  'X/D': 'dummy',
  'Z/D': 'dummy',
  'X/Z/D': 'dummy',
  // References are kept, with the UIDs in them remapped.
  'X/Z/U*': 'remap',
}
type ConfidentialityColumn = 'X' | 'Z' | 'D' | 'U' | 'X/Z' | 'X/D' | 'Z/D' | 'X/Z/D' | 'X/Z/U*'

const TABLE = 'E.1-1'
const REFERENCED_STUDIES = 0x00081110
const ENCRYPTED_ATTRIBUTES = 0x04000500
/** Responsible Person, Responsible Organization; Responsible Person Role. */
const RESPONSIBLE = [0x00102297, 0x00102299] as const
const RESPONSIBLE_ROLE = 0x00102298
const PRESENTATION_CREATED = [0x00700082, 0x00700083]
const rule = (step: Rule['step'], base: Base, reason: string, option?: string): Rule =>
  // Every rule has the same object shape, even without an option, because this is used for every
  // element.
  ({ step, base, reason, option })

const PRIVATE = rule('remove', 'remove', 'private')
const GROUP_LENGTH = rule('remove', 'remove', 'group length')
const CURVE = rule('remove', 'remove', 'E.1-1 curve')
const OVERLAY = rule('remove', 'remove', 'E.1-1 overlay')
const MISPLACED = rule('remove', 'remove', 'misplaced group')
const UNKNOWN = rule('remove', 'remove', 'unknown')
const NESTED_PIXELS = rule('remove', 'remove', 'nested pixel data')
const CODE = rule('code', 'dummy', TABLE)
const TEXT = rule('check', 'dummy', 'identifier in text')
const SENTENCES = rule('prose', 'dummy', 'backstop free text')
const DISAGREEING = rule('remove', 'remove', 'another VR')
const NUMBER = rule('check', 'empty', 'not a number')
const BYTES = rule('check', 'remove', 'identifier in bytes')
const NAME = rule('empty', 'empty', 'backstop PN')
const TITLE = rule('empty', 'empty', 'backstop AE')
const ENCRYPTED = rule('remove', 'remove', 'encrypted attributes')
const ADDRESS = rule('remove', 'remove', 'backstop UR')

const BACKSTOPS: Readonly<Record<string, Rule>> = {
  PN: NAME,
  AE: TITLE,
  UR: ADDRESS,
  DS: NUMBER,
  IS: NUMBER,
  AS: NUMBER,
  CS: TEXT,
  LO: TEXT,
  SH: TEXT,
  ST: TEXT,
  LT: TEXT,
  UT: TEXT,
  UC: TEXT,
}
const DATE_VRS: ReadonlySet<string> = new Set(['DA', 'DT', 'TM'])

const compiled = new WeakMap<Profile, Rules>()

export function rulesOf(profile: Profile): Rules {
  const known = compiled.get(profile)
  if (known) return known
  const rules = compile(profile)
  compiled.set(profile, rules)
  return rules
}

function compile(profile: Profile): Rules {
  const table = tableOf(profile)
  const dates = datesOf(profile)
  const ruleFor = ruleFinder(table, backstopsOf(profile, dates))
  // Precomputed by attribute, because nearly every element has the VR that PS3.6 gives it.
  const usual = ATTRIBUTES.map(([tag, { vr }]) => ruleFor({ tag, vr }))
  return {
    dates,
    keepsSafePrivate: profile.options.includes(SAFE_PRIVATE),
    keepsCharacteristics: profile.options.includes(PATIENT_CHARACTERISTICS),
    capsAges: profile.ages === 'cap-90',
    isListed: (tag) => table.has(tag),
    ruleFor(element) {
      if (isPrivate(element.tag)) return PRIVATE
      const attribute = attributeOf(element.tag)
      const isUsual = attribute?.vr === element.vr && !element.fragments
      return (isUsual ? usual[attribute.index] : undefined) ?? ruleFor(element)
    },
  }
}

/**
 * Table E.1-1 under the options of the profile, completed where the table leaves something open.
 */
function tableOf(profile: Profile): ReadonlyMap<number, Rule> {
  const chosen = OPTIONS.filter(({ code }) => profile.options.includes(code))
  const table = new Map(CONFIDENTIALITY.map((row) => [row.tag, ruleOf(row, chosen)]))
  // Type 3, but must have at least one item if present: an empty sequence would be invalid, and
  // removing it is always valid.
  if (table.get(REFERENCED_STUDIES)?.step === 'empty')
    table.set(REFERENCED_STUDIES, rule('remove', 'remove', TABLE))
  // The encrypted originals of an earlier de-identification, for holders of that key. The table
  // does not cover them, because it covers only those that its own process creates.
  table.set(ENCRYPTED_ATTRIBUTES, ENCRYPTED)
  // Type 2 for animals. The role is required only if the person has a name, so it is removed (PS3.3
  // C.7.1.1).
  for (const tag of RESPONSIBLE) table.set(tag, rule('empty', 'empty', TABLE))
  table.set(RESPONSIBLE_ROLE, rule('remove', 'remove', `E.1-1 as ${hex(RESPONSIBLE[0])}`))
  // Type 1 in presentation states, the only objects that have them (PS3.3 C.11.10).
  for (const tag of PRESENTATION_CREATED)
    if (table.get(tag)?.step === 'remove') table.set(tag, rule('dummy', 'dummy', TABLE))
  for (const [tag, like] of ALIKE) {
    const row = table.get(like)
    if (row) table.set(tag, rule(row.step, row.base, `E.1-1 as ${hex(like)}`, row.option))
  }
  table.set(0x00100010, CODE)
  table.set(0x00100020, CODE)
  return table
}

function datesOf({ options }: Profile): Rules['dates'] {
  if (options.includes(FULL_DATES)) return 'full'
  return options.includes(MODIFIED_DATES) ? 'modified' : 'removed'
}

const DATE_RULES: Readonly<Record<Rules['dates'], Rule>> = {
  full: rule('keep', 'empty', 'backstop date', FULL_DATES),
  modified: rule('date', 'empty', 'backstop date', MODIFIED_DATES),
  removed: rule('empty', 'empty', 'backstop date'),
}

/**
 * The rule for each VR, for attributes that the table does not list; undefined for binary numbers.
 */
type Backstops = (vr: string) => Rule | undefined

function backstopsOf(profile: Profile, dates: Rules['dates']): Backstops {
  const dateRule = DATE_RULES[dates]
  const uidRule = profile.options.includes(RETAIN_UIDS)
    ? rule('keep', 'remap', 'backstop UI', RETAIN_UIDS)
    : rule('remap', 'remap', 'backstop UI')
  return (vr) => (DATE_VRS.has(vr) ? dateRule : vr === 'UI' ? uidRule : BACKSTOPS[vr])
}

const ruleFinder =
  (table: ReadonlyMap<number, Rule>, unlisted: Backstops): Rules['ruleFor'] =>
  ({ tag, vr, fragments }) => {
    if (isPrivate(tag)) return PRIVATE
    if ((tag & 0xffff) === 0) return GROUP_LENGTH
    const group = groupOf(tag)
    if (group < 0x0008) return MISPLACED
    if ((group & 0xff00) === 0x5000) return CURVE
    if ((group & 0xff00) === 0x6000) return OVERLAY
    if (group === 0x7fe0) return NESTED_PIXELS
    const row = table.get(tag)
    if (row) return row
    const known = vrOf(tag)
    if (known === undefined || fragments) return UNKNOWN
    if (vr !== 'UN' && (vr === 'SQ') !== (known === 'SQ')) return DISAGREEING
    // Of the rules for the file's VR and for the PS3.6 VR, the stricter one applies.
    const own = unlisted(vr)
    const listed = PROSE.has(tag) ? SENTENCES : unlisted(known)
    // Text where PS3.6 expects binary numbers can only be something that a person entered.
    if (listed === undefined) return own ? DISAGREEING : BYTES
    if (own === undefined) return listed
    return STRICTNESS[own.step] >= STRICTNESS[listed.step] ? own : listed
  }

const STRICTNESS: Readonly<Record<Rule['step'], number>> = {
  keep: 0,
  check: 1,
  prose: 2,
  timezone: 2,
  clean: 2,
  date: 3,
  remap: 4,
  code: 4,
  dummy: 5,
  empty: 6,
  remove: 7,
}

function ruleOf(row: ConfidentialityRow, chosen: typeof OPTIONS): Rule {
  const base = STEPS[row.basic as ConfidentialityColumn]
  const asked = chosen.filter(({ column }) => row.columns[column] !== undefined)
  // If one option keeps and another cleans, the cleaned form satisfies both.
  const cleaning = asked.find(({ column }) => row.columns[column] === 'C')
  const deciding = cleaning ?? asked[0]
  if (!deciding) return rule(base, base, TABLE)
  const step = cleaning ? cleaningStep(row.tag, cleaning.code) : 'keep'
  return rule(step, base, TABLE, deciding.code)
}

function cleaningStep(tag: number, option: string): Rule['step'] {
  if (option !== MODIFIED_DATES) return 'clean'
  return tag === 0x00080201 ? 'timezone' : 'date'
}
