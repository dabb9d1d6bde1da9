/** What is asked of the packs of evidence. */
import * as z from 'zod/mini'
import { about } from '../words.js'
import { number } from './query.js'

export const providerQuery = z.strictObject({
  year: about('The current one is audited up to now.', number(2000, 2200)),
})
