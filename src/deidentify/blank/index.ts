/** Text burned into pixels: rules that blank it, and detectors that look for it. */
export { createTextDetector, hasTextDetector } from './tesseract.js'
export { picturesOf } from './look.js'
