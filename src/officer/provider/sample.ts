/** Draws a sample that nobody can choose, and that anybody can draw again. */
import { createHash } from 'node:crypto'
import type { TransferPath } from './activity.js'

const SAMPLED = 20

/**
 * The transfers for which the SHA-256 of `ROOT ID` is smallest, with the root of the checkpoint
 * that the audit is based on: neither the gateway nor the group can foresee it.
 */
export const sampleOf = (paths: readonly TransferPath[], root: string): readonly TransferPath[] =>
  paths
    .map((path) => ({ path, rank: rankOf(path.transfer, root) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, SAMPLED)
    .map(({ path }) => path)

const rankOf = (transfer: string, root: string): string =>
  createHash('sha256').update(`${root} ${transfer}`).digest('hex')
