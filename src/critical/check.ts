/** Checks what is signed, as far as possible without opening what is sealed. */
import { createHash } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import { CLOCK_ALLOWANCE_MS } from '../protocol/clock.js'
import { MAX_CRITICAL_BYTES } from '../protocol/critical.js'
import type { SignedRequest } from '../protocol/signed.js'
import type { Recipient } from '../seal/keys/index.js'
import type { CriticalParts } from './contract.js'

export type CheckParts = Pick<
  CriticalParts,
  'gateway' | 'verifyDetached' | 'isSealedTo' | 'certificateOf' | 'now'
>

export const digestOf = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

/**
 * @param statement undefined unless it has the right form and is about the right things
 * @param signer the principal whose certificate must have signed it
 * @throws NocturneError `critical_invalid`, naming the faulty member
 */
export async function checkSigned<
  T extends { readonly gateway: string; readonly signedAt: string },
>(
  { gateway, verifyDetached, certificateOf, now }: CheckParts,
  request: SignedRequest,
  statement: T | undefined,
  signer: string,
): Promise<{ readonly statement: T; readonly certificate: string }> {
  if (statement?.gateway !== gateway)
    throw new NocturneError('critical_invalid', { field: 'statement' })
  if (Math.abs(Date.parse(statement.signedAt) - now()) > CLOCK_ALLOWANCE_MS)
    throw new NocturneError('critical_invalid', { field: 'signedAt' })
  const certificate = certificateOf(signer)
  if (!(await verifyDetached(request.statement, request.signature, certificate)))
    throw new NocturneError('critical_invalid', { field: 'signature' })
  return { statement, certificate }
}

/**
 * @param recipients of whom one must be able to open it
 * @throws NocturneError `critical_invalid`
 */
export async function checkSealed(
  { isSealedTo }: CheckParts,
  message: string,
  sha256: string,
  recipients: readonly Recipient[],
): Promise<void> {
  const bytes = Buffer.from(message, 'base64')
  const isWhole = bytes.length <= MAX_CRITICAL_BYTES && digestOf(bytes) === sha256
  if (isWhole) for (const one of recipients) if (await isSealedTo(bytes, one)) return
  throw new NocturneError('critical_invalid', { field: 'message' })
}
