/**
 * Replaces site.ts in the client package, which has neither database nor server (see
 * scripts/pack.mjs). It exports the same names, so that commands that work with either a gateway or
 * a site's folder still work with a gateway.
 */
import { CommandError } from '../command-error.js'
import type * as site from './site.js'

export { SITE as SITE_ACTOR } from '../../lib/actors.js'

const refuse = (): Promise<never> =>
  Promise.reject(
    new CommandError('this is the client package, which cannot open a site', {
      code: 'client_only',
      hint: "run the command on the gateway's machine, with the package nocturne",
    }),
  )

export const openSite: typeof site.openSite = refuse
export const withRooms: typeof site.withRooms = refuse
