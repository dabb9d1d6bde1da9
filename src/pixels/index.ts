/**
 * Handles pixels: frames, their geometry, and the codecs.
 *
 * In:  the fragments or bytes of one frame, and what the header says about them.
 * Out: samples, a greyscale picture for inspection, or the same frame with a mask blanked and every
 *      other pixel unchanged.
 * Always true: the memory that a frame can allocate is bounded by its declared geometry.
 * Trusts: nothing in the file. Uses no Node module: the WebAssembly runner and the modules' bytes
 *         are passed in as arguments.
 */
export { codecsWith } from './codecs.js'
export type { Decoder } from './codecs.js'
export { encapsulated, readFrames } from './frames.js'
export type { Encapsulated } from './frames.js'
export { geometryOf, MAX_FRAMES } from './geometry.js'
export type { Geometry } from './geometry.js'
export { areaOf, maskAround, maskOf } from './mask.js'
export type { Mask, Rectangle } from './mask.js'
export { blankNative, layoutOf } from './native.js'
export type { Layout } from './native.js'
export { paletteOf } from './palette.js'
export type { Palette } from './palette.js'
export { canShow, pictureOf } from './picture.js'
export type { GreyPicture, Samples } from './picture.js'
export { blankWasmFrame, decodeWasmFrame } from './wasm-codecs.js'
export type { WasmFrame } from './wasm-codecs.js'
