/** Which attributes name people, and in what way. */
import { tagsOf, vrOf } from '../../dicom/dictionary/index.js'

/** Attributes whose value identifies a person, a visit or an order by number, at any level. */
const ID_TAGS: ReadonlySet<number> = new Set([
  0x00080050, 0x00100020, 0x00100021, 0x00101000, 0x00101050, 0x00101090, 0x00102295, 0x00120040,
  0x00120042, 0x00200010, 0x00321064, 0x00380010, 0x00380060, 0x00400009, 0x00400253, 0x00401001,
  0x00401006, 0x00401007, 0x00402006, 0x00402007, 0x00402016, 0x00402017, 0x0040050a, 0x00400512,
  0x00400551,
])
/**
 * Of those and the names, the ones of the patient: their words are removed even if the vocabulary
 * contains them.
 */
const PATIENT_TAGS: ReadonlySet<number> = new Set([
  0x00100010, 0x00100020, 0x00100021, 0x00101000, 0x00101001, 0x00101005,
])
/** Text that states where a person lives or how to reach them: searched for as a whole. */
const CONTACT_TAGS: ReadonlySet<number> = new Set([
  0x00080092, 0x00080094, 0x00101040, 0x00102154, 0x00102155, 0x00401102, 0x00401103, 0x00401104,
])
const BIRTH_DATE = 0x00100030
/** Attributes with the dates of the study, which are shifted or removed: text could repeat them. */
const STUDY_DATES: ReadonlySet<number> = new Set([
  0x00080012, 0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002a, 0x00380020, 0x00400244,
])

/** Device numbers: identifiers unless the profile retains the device's identity. */
const DEVICE_TAGS: ReadonlySet<number> = new Set([
  0x00181000, 0x00181003, 0x00181004, 0x00181005, 0x00181007, 0x00181008, 0x0018700a,
])
const INSTITUTION_NAME = 0x00080080
const NAMING_TAGS: ReadonlySet<number> = new Set([
  ...ID_TAGS,
  ...CONTACT_TAGS,
  ...tagsOf('PN'),
  ...STUDY_DATES,
  ...DEVICE_TAGS,
  INSTITUTION_NAME,
  BIRTH_DATE,
])

/**
 * Whether an attribute names a person, identifies them by number or date, or states how to reach
 * them.
 */
export const isNaming = (tag: number, vr: string): boolean => vr === 'PN' || NAMING_TAGS.has(tag)

/** In what way an attribute names somebody, if `isNaming` holds for it. */
export type Naming =
  'name' | 'number' | 'device' | 'institution' | 'birth date' | 'study date' | 'contact'

export function namingOf(tag: number, vr: string): Naming {
  if (vr === 'PN' || vrOf(tag) === 'PN') return 'name'
  if (DEVICE_TAGS.has(tag)) return 'device'
  if (ID_TAGS.has(tag)) return 'number'
  if (tag === INSTITUTION_NAME) return 'institution'
  if (tag === BIRTH_DATE) return 'birth date'
  return STUDY_DATES.has(tag) ? 'study date' : 'contact'
}

export const isOfPatient = (tag: number): boolean => PATIENT_TAGS.has(tag)
