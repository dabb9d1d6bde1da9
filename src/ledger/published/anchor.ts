/**
 * The anchor: the newest checkpoint that was published, outside the database. Who puts an older
 * database back, or another one, is found by it: a log only ever grows.
 */
import { NocturneError } from '../../lib/errors.js'
import type { State } from '../../state/index.js'
import type { LogFiles } from '../../store/index.js'
import { openCheckpoint } from '../verify/checkpoint.js'
import type { Checkpoint } from '../verify/checkpoint.js'
import { isSameBytes, toBase64 } from '../verify/encoding.js'
import { PUBLISHED } from './cursor.js'
import { CHECKPOINT, KEPT, keptName } from './layout.js'
import { nodeCrypto } from '../verify/node-crypto.js'
import { readHead } from '../log/read.js'
import { createTrees } from '../log/tiles.js'

export interface Anchor extends Checkpoint {
  /** The signed note. */
  readonly signed: string
}

/**
 * Undefined when nothing was published yet.
 *
 * @throws NocturneError `ledger_rolled_back` for one that this log's key did not sign;
 * `store_unavailable`.
 */
export async function readAnchor(
  files: LogFiles,
  verifierKey: string,
  scope: 'newest' | 'kept too' = 'kept too',
): Promise<Anchor | undefined> {
  const open = async (path: string): Promise<Anchor | undefined> => {
    const bytes = await files.read(path)
    if (!bytes) return undefined
    const signed = bytes.toString()
    const { checkpoint, problem } = await openCheckpoint(signed, verifierKey, nodeCrypto)
    if (!checkpoint)
      throw new NocturneError('ledger_rolled_back', { subject: `log/${path}: ${problem}` })
    return { ...checkpoint, signed }
  }
  const newest = await open(CHECKPOINT)
  if (scope === 'newest') return newest
  let last: string | undefined
  const after = newest && keptName(newest.size)
  for await (const name of files.names(KEPT, after)) last = name
  // Kept checkpoints cannot be replaced: one beyond the newest shows that the newest was put back.
  return last === undefined ? newest : open(`${KEPT}/${last}`)
}

/**
 * Compares the head with the anchor, and answers the anchor. A running gateway asks for the newest
 * checkpoint only.
 *
 * @throws NocturneError `ledger_rolled_back`, naming both; `store_unavailable`
 */
export async function checkAnchor(
  state: State,
  files: LogFiles,
  verifierKey: string,
  scope?: 'newest' | 'kept too',
): Promise<Anchor | undefined> {
  // The anchor first: the head can only have grown since.
  const anchor = await readAnchor(files, verifierKey, scope)
  if (!anchor) return undefined
  const { size, checkpoint } = await readHead(state.db)
  if (checkpoint === anchor.signed) return anchor
  const root = size >= anchor.size ? await createTrees(state.db)(anchor.size).root() : undefined
  if (root && isSameBytes(root, anchor.root)) return anchor
  const head = await openCheckpoint(checkpoint, verifierKey, nodeCrypto)
  throw new NocturneError('ledger_rolled_back', {
    subject: `the database holds ${describe(head.checkpoint)}; published were ${describe(anchor)}`,
  })
}

/**
 * An empty place where something was published before is another one: a disk that is not mounted,
 * another bucket. What is stored there now would be lost when the right one is back.
 *
 * @throws NocturneError `store_replaced`; `ledger_rolled_back`, `store_unavailable`
 */
export async function expectAnchor(
  state: State,
  files: LogFiles,
  verifierKey: string,
): Promise<void> {
  if (await checkAnchor(state, files, verifierKey)) return
  const cursor = await state.db
    .selectFrom('ledger_cursors')
    .select('position')
    .where('name', '=', PUBLISHED)
    .executeTakeFirst()
  if (cursor && cursor.position > 0) throw new NocturneError('store_replaced')
}

const describe = (checkpoint: Checkpoint | undefined): string =>
  checkpoint
    ? `${checkpoint.size} entries with root ${toBase64(checkpoint.root)}`
    : 'a head that is not signed by the key of this ledger'
