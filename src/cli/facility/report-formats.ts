/** Apart from what writes them, so that help loads none of it. */
export const FORMATS = ['text', 'pdf', 'hl7', 'fhir', 'sr', 'dicom-pdf'] as const
export type Format = (typeof FORMATS)[number]
