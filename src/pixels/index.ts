/**
 * The ground that knows pixels: frames, their geometry, and the codecs.
 *
 * In:  the fragments or bytes of one frame, and what the header says of them.
 * Out: samples, a grey picture to be looked at, or the same frame with a mask blanked and every
 *      other pixel as it was.
 * Always true: what a frame may allocate is bounded by its declared geometry.
 * Trusts: nothing of the file. Uses no Node module: what runs WebAssembly, and its bytes, come in
 *         as arguments.
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
