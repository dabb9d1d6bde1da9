/**
 * The anchor: the newest published checkpoint, which is stored outside the database. It reveals
 * when an older or a different database was put in place, because a log can only grow.
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
  /** The checkpoint as a signed note. */
  readonly signed: string
}

/**
 * Undefined when nothing has been published yet.
 *
 * @throws NocturneError `ledger_rolled_back` when it is not signed by this log's key;
 *   `store_unavailable`
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
  // Kept checkpoints cannot be replaced, so one larger than `checkpoint` shows that `checkpoint`
  // was rolled back.
  return last === undefined ? newest : open(`${KEPT}/${last}`)
}

/**
 * Compares the head with the anchor and returns the anchor. A running gateway reads only the newest
 * checkpoint.
 *
 * @throws NocturneError `ledger_rolled_back`, naming both; `store_unavailable`
 */
export async function checkAnchor(
  state: State,
  files: LogFiles,
  verifierKey: string,
  scope?: 'newest' | 'kept too',
): Promise<Anchor | undefined> {
  // Read the anchor first: the head can only have grown since.
  const anchor = await readAnchor(files, verifierKey, scope)
  if (!anchor) return undefined
  const { size, checkpoint } = await readHead(state.db)
  if (checkpoint === anchor.signed) return anchor
  const root = size >= anchor.size ? await createTrees(state.db)(anchor.size).root() : undefined
  if (root && isSameBytes(root, anchor.root)) return anchor
  const head = await openCheckpoint(checkpoint, verifierKey, nodeCrypto)
  throw new NocturneError('ledger_rolled_back', {
    subject: `the database has ${describe(head.checkpoint)}; the published log has ${describe(anchor)}`,
  })
}

/**
 * If the place is empty although something was published before, it is a different place: an
 * unmounted disk, or another bucket. Whatever is stored there now would be lost when the right one
 * returns.
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
    : "a head that is not signed with this ledger's key"
