/**
 * Attributes of PS3.6 that Table E.1-1 has no row for, and whose VR alone says too little about
 * them.
 */
import { tagOf, tagsOf } from '../../dicom/dictionary/index.js'

/**
 * By keyword: the attribute of the table that means the same about somebody. Its row holds for
 * them, options and all.
 */
const LIKE: Readonly<Record<string, readonly string[]>> = {
  PatientBirthTime: [
    'PatientBirthDateInAlternativeCalendar',
    'PatientDeathDateInAlternativeCalendar',
    'PatientAlternativeCalendar',
  ],
  PlacerOrderNumberImagingServiceRequest: [
    'PlacerOrderNumberProcedure',
    'PlacerOrderNumberImagingServiceRequestRetired',
  ],
  FillerOrderNumberImagingServiceRequest: [
    'FillerOrderNumberProcedure',
    'FillerOrderNumberImagingServiceRequestRetired',
  ],
  TreatmentMachineName: ['RadiationMachineName'],
  NetworkID: ['NTPSourceAddress'],
  NamesOfIntendedRecipientsOfResults: [
    'AssignedLocation',
    'BoardingPassID',
    'CarrierID',
    'ComponentWelderIDs',
    'ContactDisplayName',
    'ItineraryID',
    'OwnerID',
    'ReferenceToRecordedSound',
    'RouteID',
  ],
  // Of type 1 where they stand.
  ClinicalTrialProtocolID: [
    'BreedRegistrationNumber',
    'HangingProtocolCreator',
    'HangingProtocolUserGroupName',
    'HL7InstanceIdentifier',
    'LocalNamespaceEntityID',
    'UniversalEntityID',
  ],
}

/** Attributes of text with no limit that equipment and standards write, not people. */
const NO_PROSE = [
  ...['AlgorithmParameters', 'BatteryLevel', 'CADFileFormat', 'CodingSchemeExternalID'],
  ...['CodingSchemeName', 'ConfigurationInformation', 'DetectorDescription', 'DetectorMode'],
  ...['EXIFVersion', 'ExposureControlModeDescription', 'FractionPattern'],
  ...['GridAbsorbingMaterial', 'GridSpacingMaterial', 'ImageDisplayFormat', 'LongCodeValue'],
  ...['MaterialPropertiesFileFormatRetired', 'OECFColumnNames', 'PrivateDataElementEncoding'],
  ...['PrivateDataElementKeyword', 'PrivateDataElementName', 'SelectorUCValue'],
  ...['SpatialFrequencyResponseColumnNames', 'SpectralSensitivity', 'TrackingID'],
]

/** Shorter text (LO, 64 characters) in which people write sentences all the same. */
const SHORT_PROSE = [
  ...['CompletionFlagDescription', 'ContentDescription', 'DoseComment', 'InstructionText'],
  ...['FrameOfInterestDescription', 'FrameOfReferenceTransformationComment'],
  ...['GraphicLayerDescription', 'PerformedProcedureTypeDescription', 'ProcedureStepLabel'],
  ...['RequestedProcedureDescriptionTrial', 'SubstanceAdministrationNotes'],
  ...['SystemStatusComment', 'TestResultComment', 'WorklistLabel'],
]

/** A keyword that PS3.6 does not have is a mistake of ours: nothing is left out in silence. */
function named(keyword: string): number {
  const tag = tagOf(keyword)
  if (tag === undefined) throw new Error(`no attribute ${keyword}`)
  return tag
}

/** Attributes by the one of Table E.1-1 whose row holds for them, too. */
export const ALIKE: ReadonlyMap<number, number> = new Map(
  Object.entries(LIKE).flatMap(([like, keywords]) =>
    keywords.map((keyword) => [named(keyword), named(like)] as const),
  ),
)

const noProse = new Set(NO_PROSE.map(named))

/** Attributes that people write sentences in: a search for known names is not enough for them. */
export const PROSE: ReadonlySet<number> = new Set([
  ...['LT', 'ST', 'UC', 'UT'].flatMap(tagsOf).filter((tag) => !noProse.has(tag)),
  ...SHORT_PROSE.map(named),
])
