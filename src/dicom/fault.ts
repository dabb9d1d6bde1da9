/** What is wrong with a file, and where: the rule that it breaks and the path to the element. */
import { NocturneError } from '../lib/errors.js'
import { hex, vrOf } from './dictionary/dictionary.js'

/**
 * The available bytes end inside an element. `until` is the smallest offset needed to continue, or
 * 0 if it is not known.
 */
export class Incomplete extends Error {
  readonly until: number
  constructor(until: number) {
    super('incomplete')
    this.until = until
  }
}

/** The rules that a file can break, with the clause that states each. */
export const RULES = {
  vr: 'two letters that are no VR (PS3.5 section 6.2)',
  element: 'a delimiter stands where an element must (PS3.5 section 7.5.2)',
  item: 'an item of a sequence must begin with FFFE,E000 (PS3.5 section 7.5.1)',
  fragment: 'a fragment must be an item of defined length (PS3.5 section A.4)',
  undefinedLength: 'no value of this VR may have an undefined length (PS3.5 section 7.1)',
  beyond: 'a value ends beyond the sequence or item that it is in (PS3.5 section 7.5)',
} as const

/** @param tag of the faulty element, if it could be read. */
export const fault = (rule: string, offset: number, tag?: number): NocturneError =>
  new NocturneError('malformed', { place: { rule, offset, ...(tag && { path: nameOf(tag) }) } })

export const beyond = (open: boolean, at: number, until: number, tag?: number): Error =>
  open ? new Incomplete(until) : fault(RULES.beyond, at, tag)

/**
 * In a damaged file the bytes in place of a tag may be letters of a name, so only tags listed in
 * PS3.6 are named in errors.
 */
export const nameOf = (tag: number): string => (vrOf(tag) === undefined ? 'unlisted' : hex(tag))

export const isMalformed = (error: unknown): error is NocturneError =>
  error instanceof NocturneError && error.code === 'malformed'

/** Extends the path of a fault by one enclosing level. */
export function inside(error: unknown, tag: number, item: number): unknown {
  if (!isMalformed(error) || error.place === undefined) return error
  const { path, ...place } = error.place
  const outer = `${nameOf(tag)}[${String(item)}]`
  const whole = path === undefined ? outer : `${outer}.${path}`
  return new NocturneError('malformed', { place: { ...place, path: whole } })
}
