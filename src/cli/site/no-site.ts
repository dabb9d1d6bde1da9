/**
 * Stands where site.ts does in the client package, which has neither database nor server:
 * scripts/pack.mjs puts it there. The same names, so that a command that can ask either a gateway
 * or a site's folder works for the first.
 */
import { CommandError } from '../command-error.js'
import type * as site from './site.js'

export { SITE as SITE_ACTOR } from '../../lib/actors.js'

const refuse = (): Promise<never> =>
  Promise.reject(
    new CommandError('this is the client package, which opens no site', {
      code: 'client_only',
      hint: 'run the command on the machine of the gateway, with the package nocturne',
    }),
  )

export const openSite: typeof site.openSite = refuse
export const withRooms: typeof site.withRooms = refuse
