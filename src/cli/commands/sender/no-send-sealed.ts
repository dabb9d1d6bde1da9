/**
 * Replaces send-sealed.ts in the client package, which has no database for what stays at the
 * facility (see scripts/pack.mjs). It exports the same name.
 */
import { CommandError } from '../../command-error.js'
import type * as sealed from './send-sealed.js'

export const sendSealed: typeof sealed.sendSealed = () =>
  Promise.reject(
    new CommandError('this is the client package, which cannot seal at the facility', {
      code: 'client_only',
      hint: 'install the package nocturne on this machine, or omit --seal-here',
    }),
  )
