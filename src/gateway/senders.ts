/** Whether a sender may still send: asked before a commit, and once more in its transaction. */
import { isTokenRevoked } from '../access/index.js'
import type { Directory } from '../directory/index.js'
import type { Ledger } from '../ledger/log/index.js'
import { NocturneError } from '../lib/errors.js'
import type { Certificates } from '../site/index.js'
import type { State, Tx } from '../state/index.js'
import type { UploadTarget } from '../transfer/index.js'

export interface SenderParts {
  readonly directory: Pick<Directory, 'principal' | 'isRevoked'>
  readonly certificates: Pick<Certificates, 'recordedIn'>
  readonly ledger: Pick<Ledger, 'query'>
  readonly state: Pick<State, 'db'>
}

/**
 * Refuses a token that was revoked, and a facility or person whose certificate was, or that was
 * removed. In the transaction of a commit nothing can be revoked in between: a revocation is
 * recorded in the ledger, whose lock the transaction holds.
 *
 * @throws NocturneError `unauthenticated`
 */
export async function expectSender(
  { directory, certificates, ledger, state }: SenderParts,
  { actor, facility }: Pick<UploadTarget, 'actor' | 'facility'>,
  tx?: Tx,
): Promise<void> {
  const { id, token } = actor
  const db = tx ?? state.db
  if (token !== undefined && (await isTokenRevoked({ ledger, db }, token)))
    throw new NocturneError('unauthenticated')
  const principals = [...new Set([facility, id])]
  const recorded = await certificates.recordedIn(db, principals)
  for (const one of principals) {
    const principal = directory.principal(one)
    // Another process may have recorded a revocation that this one has not read yet.
    const certificate = recorded.get(one) ?? principal?.certificate
    if (
      principal === undefined ||
      certificate === undefined ||
      recorded.get(one) === null ||
      (await directory.isRevoked(principal)) ||
      (await directory.isRevoked({ certificate }))
    )
      throw new NocturneError('unauthenticated')
  }
}
