/** What an authenticated principal holds. */
import type { Principal } from '../directory/index.js'
import type { Station } from '../lib/station.js'

export type Session = Station<
  'session',
  {
    readonly principal: Principal
    /** Public ID of the token, for the ledger. */
    readonly token: string
    readonly method: 'token' | 'signature'
    readonly expiresAt: number
  }
>
