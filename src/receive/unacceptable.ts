import type { Code } from '../lib/errors.js'
import type { UnacceptableItem } from './item.js'
import { noBytes } from './item-bytes.js'

/** An item that is refused, with nothing to keep of it. */
export function unacceptable(what: UnacceptableItem['what'], code: Code): UnacceptableItem {
  return { kind: 'unacceptable', what, code, keep: false, bytes: noBytes }
}
