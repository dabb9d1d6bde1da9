/**
 * The options of PS3.15 Annex E by their CID 7050 codes, and the columns of Table E.1-1 that they
 * enable.
 */

export interface Option {
  readonly code: string
  readonly meaning: string
  readonly column: string
}

/** Code of the Basic Profile itself. */
export const BASIC = { code: '113100', meaning: 'Basic Application Confidentiality Profile' }

const option = (code: string, meaning: string, column: string): Option => ({
  code,
  meaning,
  column,
})

/** Applied image by image by the rules for pixels; has no column in the table. */
export const CLEAN_PIXELS = '113101'
export const CLEAN_FEATURES = '113102'
export const FULL_DATES = '113106'
export const MODIFIED_DATES = '113107'
export const PATIENT_CHARACTERISTICS = '113108'
export const RETAIN_UIDS = '113110'
export const CLEAN_DESCRIPTORS = '113105'
export const SAFE_PRIVATE = '113111'
export const DEVICE_IDENTITY = '113109'
export const INSTITUTION_IDENTITY = '113112'

/** Each with its columns of Table E.1-1. */
export const OPTIONS: readonly Option[] = [
  option(CLEAN_PIXELS, 'Clean Pixel Data Option', ''),
  option(CLEAN_FEATURES, 'Clean Recognizable Visual Features Option', ''),
  option('113103', 'Clean Graphics Option', 'cleanGraphOpt'),
  option('113104', 'Clean Structured Content Option', 'cleanStructContOpt'),
  option(CLEAN_DESCRIPTORS, 'Clean Descriptors Option', 'cleanDescOpt'),
  option(
    FULL_DATES,
    'Retain Longitudinal Temporal Information Full Dates Option',
    'rtnLongFullDatesOpt',
  ),
  option(
    MODIFIED_DATES,
    'Retain Longitudinal Temporal Information Modified Dates Option',
    'rtnLongModifDatesOpt',
  ),
  option(PATIENT_CHARACTERISTICS, 'Retain Patient Characteristics Option', 'rtnPatCharsOpt'),
  option(DEVICE_IDENTITY, 'Retain Device Identity Option', 'rtnDevIdOpt'),
  option(RETAIN_UIDS, 'Retain UIDs Option', 'rtnUIDsOpt'),
  option(SAFE_PRIVATE, 'Retain Safe Private Option', 'rtnSafePrivOpt'),
  option(INSTITUTION_IDENTITY, 'Retain Institution Identity Option', 'rtnInstIdOpt'),
]
