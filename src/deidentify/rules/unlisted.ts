/**
 * Attributes of PS3.6 that have no row in Table E.1-1, and whose VR alone does not determine how to
 * treat them.
 */
import { tagOf, tagsOf } from '../../dicom/dictionary/index.js'

/**
 * By keyword: the attribute in the table with the same meaning. Its row applies to them as well,
 * including options.
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
  // Type 1 if present.
  ClinicalTrialProtocolID: [
    'BreedRegistrationNumber',
    'HangingProtocolCreator',
    'HangingProtocolUserGroupName',
    'HL7InstanceIdentifier',
    'LocalNamespaceEntityID',
    'UniversalEntityID',
  ],
}

/**
 * Text attributes of unlimited length that are written by equipment and standards rather than
 * people.
 */
const NO_PROSE = [
  ...['AlgorithmParameters', 'BatteryLevel', 'CADFileFormat', 'CodingSchemeExternalID'],
  ...['CodingSchemeName', 'ConfigurationInformation', 'DetectorDescription', 'DetectorMode'],
  ...['EXIFVersion', 'ExposureControlModeDescription', 'FractionPattern'],
  ...['GridAbsorbingMaterial', 'GridSpacingMaterial', 'ImageDisplayFormat', 'LongCodeValue'],
  ...['MaterialPropertiesFileFormatRetired', 'OECFColumnNames', 'PrivateDataElementEncoding'],
  ...['PrivateDataElementKeyword', 'PrivateDataElementName', 'SelectorUCValue'],
  ...['SpatialFrequencyResponseColumnNames', 'SpectralSensitivity', 'TrackingID'],
]

/** Shorter text (LO, 64 characters) in which people nevertheless write sentences. */
const SHORT_PROSE = [
  ...['CompletionFlagDescription', 'ContentDescription', 'DoseComment', 'InstructionText'],
  ...['FrameOfInterestDescription', 'FrameOfReferenceTransformationComment'],
  ...['GraphicLayerDescription', 'PerformedProcedureTypeDescription', 'ProcedureStepLabel'],
  ...['RequestedProcedureDescriptionTrial', 'SubstanceAdministrationNotes'],
  ...['SystemStatusComment', 'TestResultComment', 'WorklistLabel'],
]

/** An unknown keyword is a bug: nothing is silently left out. */
function named(keyword: string): number {
  const tag = tagOf(keyword)
  if (tag === undefined) throw new Error(`no attribute ${keyword}`)
  return tag
}

/** Attributes, each with the attribute of Table E.1-1 whose row also applies to it. */
export const ALIKE: ReadonlyMap<number, number> = new Map(
  Object.entries(LIKE).flatMap(([like, keywords]) =>
    keywords.map((keyword) => [named(keyword), named(like)] as const),
  ),
)

const noProse = new Set(NO_PROSE.map(named))

/** Attributes in which people write sentences: searching them for known names is not enough. */
export const PROSE: ReadonlySet<number> = new Set([
  ...['LT', 'ST', 'UC', 'UT'].flatMap(tagsOf).filter((tag) => !noProse.has(tag)),
  ...SHORT_PROSE.map(named),
])
