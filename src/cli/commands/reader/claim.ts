import { registerClaimAction } from '../../reader/claims.js'

export const registerClaim = registerClaimAction(
  'claim',
  'take a transfer, so that no other reader does',
  'claimed',
)
