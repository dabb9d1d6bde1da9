/** What the bearer of a link sends: a certificate that nobody else has, and proof of its key. */
import type { Actor } from '../../ledger/log/index.js'
import { NocturneError } from '../../lib/errors.js'
import { writeJoin } from '../../protocol/joining/statement.js'
import type { InvitationTable } from '../../state/enrolment/index.js'
import type { Answer, InvitationParts } from './contract.js'
import { countTry, stateOf, writeState } from './rows.js'

/** @throws NocturneError as `Invitations.answer` */
export async function acceptAnswer(
  parts: InvitationParts,
  given: { readonly row: InvitationTable; readonly answer: Answer; readonly actor: Actor },
): Promise<{ readonly fingerprint: string }> {
  const { row, answer, actor } = given
  const { config, ledger, guard, verifyDetached } = parts
  const { certificate, signature } = answer
  const fingerprint = await expectUsable(parts, certificate)
  const statement = writeJoin({
    ...{ gateway: config.gateway.name, invitation: row.id, principal: row.principal, fingerprint },
  })
  if (!(await verifyDetached(statement, signature, certificate))) {
    await countTry(parts, row)
    throw new NocturneError('invitation_signature')
  }
  if (row.state === 'answered') {
    if (row.fingerprint === fingerprint) return { fingerprint }
    throw new NocturneError('invitation_unusable')
  }
  await ledger.record(async (tx) => {
    // Of two answers at the same time, one counts.
    if ((await stateOf(tx, row)) !== 'open') throw new NocturneError('invitation_unusable')
    await writeState(guard, tx, { ...row, state: 'answered', certificate, fingerprint })
    const detail = { principal: row.principal, fingerprint }
    return {
      value: undefined,
      events: [{ type: 'invitation.answered', outcome: 0, actor, related: row.id, detail }],
    }
  })
  return { fingerprint }
}

/**
 * Returns the fingerprint.
 *
 * @throws NocturneError what the policy has against the certificate; `certificate_taken`
 */
export async function expectUsable(
  { inspect, fingerprints }: Pick<InvitationParts, 'inspect' | 'fingerprints'>,
  certificate: string,
): Promise<string> {
  const { fingerprint, problems } = await inspect(certificate)
  const [problem] = problems
  if (problem) throw new NocturneError(problem.code)
  if ((await fingerprints()).includes(fingerprint)) throw new NocturneError('certificate_taken')
  return fingerprint
}
