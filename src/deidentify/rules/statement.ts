/** The conformance statement required by PS3.15 E.1.3, generated from the profile itself. */
import { describeDummies } from '../values/dummy.js'
import { hex, keywordOf } from '../../dicom/dictionary/index.js'
import { CONFIDENTIALITY } from './annex-e.js'
import {
  BASIC,
  CLEAN_FEATURES,
  FULL_DATES,
  MODIFIED_DATES,
  OPTIONS,
  RETAIN_UIDS,
  SAFE_PRIVATE,
} from './options.js'
import type { Profile } from './profile.js'
import { rulesOf, type Rule } from './rules.js'
import { ALIKE } from './unlisted.js'

/** No row of the table uses `check` or `prose`. */
const HEADINGS: Readonly<Record<Exclude<Rule['step'], 'check' | 'prose'>, string>> = {
  remove: 'Removed',
  empty: 'Emptied (zero length)',
  dummy: 'Replaced by a dummy of their VR; sequences stay as a frame whose texts are replaced',
  code: 'Replaced by the random code of the patient',
  remap: 'UIDs replaced, each by the same new UID wherever it occurs',
  date: "Shifted by the patient's interval; values that are not full dates are treated as without the option",
  timezone: 'Kept if it is an offset',
  clean:
    'Cleaned: only words of a published vocabulary, quantities, and values that are not text are kept',
  keep: 'Kept unless an identifier of the source is found in them',
}

const rest = (
  keepsUids: boolean,
) => `Elements that Table E.1-1 does not list: private elements, group lengths, misplaced groups, curves (50xx), overlays (60xx),
pixel data inside sequences, and elements that PS3.6 (2024e) does not list are removed. PN and AE are emptied, UR is removed, dates and
times follow the option for dates, UIDs ${
  keepsUids ? 'are kept' : "are replaced unless they are DICOM's own or name a class"
}, numbers stay when they are
numbers. Text that people write (LT, ST, UC and UT but for some of equipment, and comments in LO) is cleaned: only words of a published
vocabulary and quantities stay. Other text stays when no identifier of the source is in it. Text in the place of items or binary
numbers is removed. All of this holds at every level of nesting. Everything after Pixel Data is removed.`

/**
 * Returns Markdown. It is generated from the rules that are executed, so it describes what they do
 * rather than what they are intended to do.
 */
export function conformanceStatement(profile: Profile): string {
  const rules = rulesOf(profile)
  const options = OPTIONS.filter(({ code }) => profile.options.includes(code))
  const keepsUids = profile.options.includes(RETAIN_UIDS)
  const byStep = new Map<string, string[]>()
  for (const { tag } of CONFIDENTIALITY) {
    const { step, option } = rules.ruleFor({ tag, vr: 'UN' })
    const entry = option === undefined ? nameOf(tag) : `${nameOf(tag)} [${option}]`
    byStep.set(step, [...(byStep.get(step) ?? []), entry])
  }
  return `${[
    `# De-identification under the profile ${profile.name}, version ${profile.version}`,
    'PS3.15 Annex E, DICOM 2024e. A number in brackets is the option that applied.',
    '## Profile and options',
    list([BASIC, ...options].map(({ code, meaning }) => `${code} ${meaning}`)),
    '## Attributes of Table E.1-1',
    ...Object.entries(HEADINGS).flatMap(([step, heading]) => {
      const entries = byStep.get(step)
      return entries ? [`### ${heading}`, list(entries)] : []
    }),
    '## Dummy values',
    `The same for all patients, by VR: ${describeDummies()}, and zeros for the VRs that are not text.`,
    ...(profile.options.includes(MODIFIED_DATES) ? ['## Dates and times', MODIFIED] : []),
    '## Content items',
    CONTENT,
    '## Other elements',
    rest(keepsUids),
    'These are treated like the attribute of the table with the same meaning:',
    list([...ALIKE].map(([tag, like]) => `${nameOf(tag)} as ${nameOf(like)}`)),
    ...(profile.options.includes(SAFE_PRIVATE)
      ? [
          'Private elements of Table E.3.10-1 (2020) are kept with their creators if group, creator, element, VR and VM match the table and the value has the form of its VR; sequences are never kept.',
        ]
      : []),
    '## Inserted',
    list([
      'PatientIdentityRemoved (0012,0062): YES',
      `DeidentificationMethod (0012,0063): Nocturne ${profile.name} ${profile.version}`,
      'DeidentificationMethodCodeSequence (0012,0064): the codes above',
      `LongitudinalTemporalInformationModified (0028,0303): ${temporal(profile)}`,
      'PatientName and PatientID if missing; a new preamble and File Meta Information',
    ]),
    '## References',
    keepsUids ? 'UIDs are kept, and references with them.' : references(profile),
    '## Pixel Data',
    `Images that may have text burned in (config/pixel-rules.yaml) are ${becomesOf(profile)}. ${screenOf(profile)}`,
    profile.options.includes(CLEAN_FEATURES)
      ? 'Images that may show a face, or from which one can be reconstructed (config/face-rules.yaml), are quarantined; the others get Recognizable Visual Features (0028,0302) = NO and code 113102.'
      : 'Clean Recognizable Visual Features is not claimed.',
    '## Re-identification',
    profile.links === 'transfer'
      ? 'None: Encrypted Attributes Sequence (0400,0500) is not used, and no original identity is kept.'
      : `${ENCRYPTED_ATTRIBUTES} Codes and original identities are kept only for the facility, outside the instance.`,
  ].join('\n\n')}\n`
}

const nameOf = (tag: number): string =>
  `${keywordOf(tag) ?? ''} (${hex(tag).slice(0, 4)},${hex(tag).slice(4)})`.trim()

const PIXELS: Readonly<Record<Profile['pixels'], string>> = {
  blank:
    'blanked if a rule locates the text (RULES) or, on CR and DX, if the text detector locates it with certainty; pixels outside the blanked area are not changed. Those in which the text detector then finds nothing get Burned In Annotation (0028,0301) = NO and code 113101. Images that no rule covers pass, marked in manifest and ledger, if the text detector finds nothing in them that could identify the patient; without a text detector, and if they cannot be blanked without degrading the rest, they are quarantined',
  quarantine: 'quarantined; Clean Pixel Data is not claimed',
  pass: 'passed and marked in manifest and ledger; Clean Pixel Data is not claimed',
}

const screenOf = ({ screen }: Profile): string =>
  screen === 'sample'
    ? 'Of each series of CT and MR slices the text detector reads a sample, and the series is quarantined from the first identifier on. All others pass byte for byte.'
    : 'All others pass byte for byte.'

function becomesOf({ pixels, blanking }: Profile): string {
  const shipped = 'config/blanking-rules.yaml'
  const count = `${blanking.length} ${blanking.length === 1 ? 'rule' : 'rules'}`
  const own = blanking.length > 0 ? `the ${count} of the profile itself and ${shipped}` : shipped
  return PIXELS[pixels].replace('RULES', own)
}

const MODIFIED =
  'Each patient has one random shift, stored with the code: whole days into the past, so that intervals are exact to the second, within a study and between studies. A date and its time are shifted as one instant; offsets from UTC are kept.'

const CONTENT = `Items of Content, Acquisition Context and Specimen Preparation Step Content Item Sequence that stay are treated by the type of their
values: texts are cleaned, or replaced where Clean Descriptors is not claimed and the sequence is replaced; names become a dummy, UIDs are replaced, dates and times follow the option for
dates, codes of published schemes and numbers stay. Subject Birth Date (121031, DCM), and any date that is the birth date, becomes a dummy; Subject Sex
(121032, DCM) and Subject Age (121033, DCM) lose their values unless Retain Patient Characteristics is claimed.`

const ENCRYPTED_ATTRIBUTES =
  "Encrypted Attributes Sequence (0400,0500) is added for facilities that name a certificate (encryptedAttributes in nocturne.yaml): one item with original values of the top level, up to 2 KiB each and 16 KiB together, in explicit VR little endian; CMS EnvelopedData with AES-256-CBC, its key transported by RSA (PKCS #1 v1.5) to each recipient, named by subject key identifier. Keys are the facility's own: RSA of at least 2048 bits."

const references = ({ links }: Profile): string =>
  `New UIDs are 2.25. and 128 bits of HMAC-SHA256 under a secret of the facility, so references between instances remain valid, ${
    links === 'facility' ? 'in all transfers of the facility.' : 'only within a transfer.'
  }`

const list = (entries: readonly string[]): string => entries.map((entry) => `- ${entry}`).join('\n')

const temporal = ({ options }: Profile): string =>
  options.includes(FULL_DATES)
    ? 'UNMODIFIED'
    : options.includes(MODIFIED_DATES)
      ? 'MODIFIED'
      : 'REMOVED'
