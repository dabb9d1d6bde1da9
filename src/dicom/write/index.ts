/** Encodes elements, items and whole files (PS3.5 7.1, PS3.10 7.1). */
export { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, encodeStart } from './start.js'
export { transcode } from './transcode.js'
export {
  Output,
  addItem,
  addSequence,
  encodeElement,
  encodeHeader,
  encodeItemTag,
  encodeText,
} from './write.js'
