/** Where a fault is, in readable form. */
import type { Place } from './errors.js'

/**
 * `byte 1412, in 00081140[0]: an item of a sequence must begin with FFFE,E000 (PS3.5 section
 * 7.5.1)`
 */
export function placeText({ rule, path, offset }: Pick<Place, 'rule' | 'path' | 'offset'>): string {
  const where = [
    ...(offset === undefined ? [] : [`byte ${String(offset)}`]),
    ...(path === undefined ? [] : [`in ${path}`]),
  ].join(', ')
  return where === '' ? rule : `${where}: ${rule}`
}
