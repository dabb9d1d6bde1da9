/** The DICOM JSON Model (PS3.18 Annex F) of elements that the walker has found. */
export { toJson } from './to-json.js'
export type { JsonAttribute, JsonModel, JsonValue } from './to-json.js'
