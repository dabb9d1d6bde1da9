import type { Principal } from '../../src/directory/index.js'
import type { Role } from '../../src/protocol/roles.js'

/** A person in the directory, with defaults for whatever a test does not care about. */
export const principal = (role: Role, parts: Partial<Principal> = {}): Principal => ({
  id: `${role}-1`,
  role,
  facility: undefined,
  groups: [],
  certificate: '',
  ...parts,
})

/** A directory with only these people. */
export const peopleOf = (...people: readonly Principal[]) => ({
  principal: (id: string) => people.find((one) => one.id === id),
  isRevoked: ({ certificate }: Pick<Principal, 'certificate'>) =>
    Promise.resolve(certificate === 'revoked'),
})
