/** Apart from the code that writes them, so that help does not load it. */
export const FORMATS = ['text', 'pdf', 'hl7', 'fhir', 'sr', 'dicom-pdf'] as const
export type Format = (typeof FORMATS)[number]
