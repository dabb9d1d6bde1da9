/** How an association can end other than by release. */
import type { AssociateRj } from './pdu.js'

export type EndedHow = 'closed' | 'aborted' | 'idle' | 'slow' | 'violation' | 'rejected' | 'artim'

export class AssociationEndedError extends Error {
  override readonly name = 'AssociationEndedError'
  readonly how: EndedHow
  readonly rejection: AssociateRj | undefined

  constructor(how: EndedHow, rejection?: AssociateRj) {
    super('the association is over')
    this.how = how
    this.rejection = rejection
  }
}
