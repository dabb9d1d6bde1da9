/**
 * STOW-RS (PS3.18 10.5): each part of a request goes through intake individually; and storage
 * commitment (chapter 13).
 *
 * In:  `multipart/related` of Part 10 files, or one file as the whole body, from a sender with a
 *      token.
 * Out: the outcome of each instance, as a data set in JSON or XML.
 * Always true: an instance is reported as stored only when it is durable; a truncated body is never
 *      answered with success; an answer contains nothing of an instance but its UIDs.
 * Trusts: nothing. The content type of a part decides only whether the part is read.
 */
export type { StoreAnswer } from './answer.js'
export { storeBody } from './body.js'
export type { StoreParts } from './body.js'
export { createWebCommitments } from './commitment.js'
export type { WebCommitmentParts } from './commitment.js'
export { paced } from './paced.js'
export { answerType, render } from './render.js'
export type { AnswerType } from './render.js'
