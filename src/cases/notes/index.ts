/**
 * Notes on a case: what the facility and the readers of the group tell each other about it.
 *
 * In:  a message sealed to the facility and the group, and signed by its author.
 * Out: the messages on a case, and events.
 * Always true: the ledger says that a note was written or read, never what it says; the gateway
 *      cannot read it; the notes on a case that is joined to another go with its transfers.
 * Trusts: the access room for the identity of the caller.
 */
export { addNote, expireNotes, readNotes } from './notes.js'
export type { NoteParts, Noted } from './notes.js'
