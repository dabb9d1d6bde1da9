/**
 * Hand-overs: what one reader leaves to the next.
 *
 * In:  the open matters of a group, and a note sealed to its readers.
 * Out: hand-overs, each accepted once.
 * Always true: the giver keeps their claims until somebody accepts; giving and accepting are
 *      events.
 * Trusts: the access room for the identity of the caller.
 */
export {
  acceptHandover,
  findHandover,
  giveHandover,
  handoverExpiry,
  itemsOf,
  listHandovers,
} from './handover.js'
export type { Handed } from './handover.js'
