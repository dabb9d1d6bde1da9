import { registerClaimAction } from '../../reader/claims.js'

export const registerRelease = registerClaimAction(
  'release',
  'give back a transfer that you claimed',
  'released',
)
