/**
 * STOW-RS (PS3.18 10.5): instances as the parts of a request, each through the intake by itself.
 *
 * In:  `multipart/related` of Part 10 files, or one as the whole body, from a sender with a token.
 * Out: what became of each instance, as a data set in JSON or XML.
 * Always true: an instance is answered as stored only when it is durable; a body without its end is
 *      never answered as a success; nothing of an instance but its UIDs is in an answer.
 * Trusts: nothing. The content type of a part decides only whether it is looked at.
 */
export { stowRoutes } from './routes.js'
export type { StowParts } from './routes.js'
