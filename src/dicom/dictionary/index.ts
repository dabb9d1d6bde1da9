/** What the standard says about an attribute (PS3.6): its VR, keyword and kind of value. */
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
