/**
 * The part of `site` that enrols people at a running site.
 *
 * In: invitations by the operator, and certificates that invited people send.
 * Out: the people and groups in effect: those of nocturne.yaml, and those who were enrolled.
 * Always true: a person is in effect only after the operator has confirmed the words of their
 * certificate; where nocturne.yaml names the same ID, the file wins and the conflict is named.
 * Trusts: the site's MAC and the ledger for its rows; neither the link's bearer nor the database.
 */
export { createInvitations } from './invitations.js'
export type { InvitationView, Invited } from './contract.js'
export type { Invitations } from './invitations.js'
export { configInEffect, createRoll } from './roll.js'
export type { Conflict, Roll } from './roll.js'
