/**
 * The room's face for machines on which findings are written, opened and read back, commands and
 * pages alike; without any Node module.
 *
 * In: what a person wrote, or sealed messages with their statements, and functions of the key.
 * Out: signed statements with sealed messages; or the text, if it is what was signed.
 * Trusts: the functions that it is given.
 */
export { composeFinding, composeReadBack, readFinding, readNewestReadBack } from './compose.js'
export type { Composed, Finding, ReadBack } from './compose.js'
