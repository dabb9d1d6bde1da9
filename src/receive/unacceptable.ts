import type { Code } from '../lib/errors.js'
import type { UnacceptableItem } from './item.js'
import { noBytes } from './item-bytes.js'

/** An item that is refused without keeping any of it. */
export function unacceptable(what: UnacceptableItem['what'], code: Code): UnacceptableItem {
  return { kind: 'unacceptable', what, code, keep: false, bytes: noBytes }
}
