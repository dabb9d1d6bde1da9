/** Cleaning of text that stands outside of DICOM. */
export { cleanWritten } from './written.js'
