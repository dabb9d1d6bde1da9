/** Character sets (PS3.3 C.12.1.1.2), and dates and times (PS3.5 6.2). */
export { decodeDefault, decodeWith, trimPadding } from './charset.js'
export type { Decode } from './charset.js'
export { isMoment, isTimezoneOffset, shiftDate, shiftDateTime, shiftTime } from './dates.js'
