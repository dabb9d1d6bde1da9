import type { Principal, Role } from '../../src/directory/index.js'

/** A person of the directory, with what a test does not care about filled in. */
export const principal = (role: Role, parts: Partial<Principal> = {}): Principal => ({
  id: `${role}-1`,
  role,
  facility: undefined,
  groups: [],
  certificate: '',
  ...parts,
})

/** A directory of these people and nobody else. */
export const peopleOf = (...people: readonly Principal[]) => ({
  principal: (id: string) => people.find((one) => one.id === id),
})
