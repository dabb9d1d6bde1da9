/**
 * Pixel Data as a value (PS3.5 8.2, A.4): its fragments and frames, and which SOP Classes require
 * it.
 */
export { endsFrame, framingOf, startsFrame } from './framing.js'
export type { Framing } from './framing.js'
export { isImageClass, RT_DOSE } from './image-classes.js'
export { fragmentLength, passPixels } from './pass.js'
export type { Extent } from './pass.js'
