/** What the standard says of an attribute: PS3.6, its VRs, and the kinds of values. */
export {
  ATTRIBUTES,
  attributeOf,
  groupOf,
  hex,
  isPrivate,
  keywordAt,
  keywordOf,
  partnerOf,
  tagOf,
  tagsOf,
  vrOf,
} from './dictionary.js'
export { kindOf } from './kind.js'
export type { Kind } from './kind.js'
export { numberOfVr, TEXT_VRS } from '../elements/element.js'
