/**
 * Walks the events in an export's ZIP in step with their proof and their rendering. Uses no Node
 * modules.
 */
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import type { NamedFiles } from '../../lib/zip.js'
import type { About } from '../export/package-about.js'
import { RenderedFile } from '../export/rendered-file.js'
import { RENDERINGS } from '../export/renderings.js'
import type { EntryJson } from '../export/renderings.js'
import type { Checkpoint } from './checkpoint.js'
import type { LedgerCrypto } from './crypto.js'
import { isSameBytes, toUtf8 } from './encoding.js'
import { PACKAGE_FILES } from './format.js'
import { createGaps } from './gaps.js'
import type { Range } from './gaps.js'
import { readLines } from './lines.js'
import { matches } from './match.js'
import { leafInput } from './merkle.js'
import { shownLeaves } from './pruned-tree.js'

export interface EventChecks {
  readonly crypto: LedgerCrypto
  /**
   * Called with each verified event and the expected total. If it returns a promise, that is
   * awaited.
   */
  readonly onEvent?: (index: number, entry: EntryJson, of: number) => Promise<void> | undefined
}

/**
 * Another version may render the same events differently. The page in the ZIP comes from the
 * version that wrote the ZIP.
 */
export const isComparable = ({ rendering, versions }: About): boolean =>
  RENDERINGS[rendering]?.version === versions.rendering

interface Fault {
  readonly problem: string
  readonly badIndex?: number
}

interface EventsReport extends Partial<Fault> {
  readonly checked: number
  readonly pruned?: readonly Range[]
}

/** One pass over the events, in step with their proof and their rendering. */
interface Walk {
  readonly about: About
  readonly crypto: LedgerCrypto
  readonly onEvent: EventChecks['onEvent']
  readonly lines: AsyncIterator<string>
  readonly shown: RenderedFile | undefined
  /** Whether the whole log was requested; then every missing entry must have been pruned. */
  readonly isWhole: boolean
  readonly gaps: ReturnType<typeof createGaps>
  /** Number of events that verified so far. */
  checked: number
  /** The index after the last of them. */
  next: number
}

/** Stops at the first faulty event; never throws. */
export async function checkEvents(
  files: NamedFiles,
  about: About,
  checkpoint: Checkpoint,
  { crypto, onEvent }: EventChecks,
): Promise<EventsReport> {
  const reading = { name: '' }
  const open = (name: string) => labelled(files.open(name), name, reading)
  const proof = readLines(open(PACKAGE_FILES.proof))[Symbol.asyncIterator]()
  const rendering = isComparable(about) ? RENDERINGS[about.rendering] : undefined
  const walk: Walk = {
    ...{ about, crypto, onEvent },
    lines: readLines(open(PACKAGE_FILES.events))[Symbol.asyncIterator](),
    shown: rendering && new RenderedFile(open(rendering.file), rendering, about),
    isWhole: Object.keys(about.query).length === 0,
    gaps: createGaps(),
    ...{ checked: 0, next: 0 },
  }
  try {
    const fault = await walkEvents(walk, proof, checkpoint)
    if (fault) return { checked: walk.checked, ...fault }
  } catch {
    const problem = `${reading.name} cannot be read: it is corrupt`
    return { checked: walk.checked, problem, badIndex: walk.next }
  } finally {
    await Promise.allSettled([walk.lines.return?.(), proof.return?.(), walk.shown?.close()])
  }
  return completeness(walk, checkpoint)
}

const renderedIn = ({ rendering }: About): string => RENDERINGS[rendering]?.file ?? ''

async function walkEvents(
  walk: Walk,
  proof: AsyncIterator<string>,
  checkpoint: Checkpoint,
): Promise<Fault | undefined> {
  const { about, lines, shown } = walk
  if (!((await shown?.begins()) ?? true))
    return { problem: `${renderedIn(about)} has an invalid beginning` }
  for await (const answer of shownLeaves(proof, checkpoint, walk.crypto)) {
    const { leaf } = answer
    if (!leaf)
      return {
        problem: answer.problem,
        ...(answer.from !== undefined && { badIndex: answer.from }),
      }
    const line = await lines.next()
    if (line.done === true) return { problem: 'an event is missing', badIndex: leaf.index }
    const fault = await checkEvent(walk, line.value, leaf)
    if (fault) return fault
  }
  if ((await lines.next()).done !== true) return { problem: 'there are events without a proof' }
  if (!((await shown?.ends()) ?? true))
    return { problem: `${renderedIn(about)} continues after the last event` }
  return undefined
}

/** Checks one event against its leaf hash, the query and its rendering. */
async function checkEvent(
  walk: Walk,
  line: string,
  leaf: { readonly index: number; readonly hash: Uint8Array },
): Promise<Fault | undefined> {
  const { about, crypto, gaps, isWhole } = walk
  const event = parseEvent(line)
  if (!event) return { problem: 'an event is not in canonical JSON', badIndex: leaf.index }
  const { index, entry } = event
  if (index < leaf.index)
    return { problem: 'an event is not covered by the proof', badIndex: index }
  if (index > leaf.index) return { problem: 'an event is missing', badIndex: leaf.index }
  const hash = await crypto.sha256(leafInput(toUtf8(canonicalJson(entry))))
  if (!isSameBytes(hash, leaf.hash))
    return { problem: 'an event differs from the logged one', badIndex: index }
  // A missing entry must have been pruned, and a later entry must record that.
  if (isWhole && index > walk.next) gaps.add(walk.next, index)
  if (!matches(about.query, index, entry))
    return { problem: 'an event does not match the query', badIndex: index }
  if (!((await walk.shown?.holds(index, entry)) ?? true))
    return { problem: `${renderedIn(about)} differs from the log`, badIndex: index }
  if (isWhole) gaps.see(index, () => entry)
  const turn = walk.onEvent?.(index, entry, about.count)
  if (turn) await turn
  walk.checked += 1
  walk.next = index + 1
  return undefined
}

/** Checks that only pruned entries are missing, and that the number of events is as stated. */
function completeness(
  { about, checked, next, gaps, isWhole }: Walk,
  { size }: Checkpoint,
): EventsReport {
  if (isWhole && next < size) gaps.add(next, size)
  const { pruned, missing } = gaps.end()
  if (missing) {
    const problem = missing.isEarly ? 'an event was pruned too early' : 'an event is missing'
    return { checked, problem, badIndex: missing.index }
  }
  if (checked !== about.count)
    return { checked, problem: 'there are fewer or more events than query.json says' }
  return { checked, ...(pruned.length > 0 && { pruned }) }
}

function parseEvent(line: string) {
  try {
    const value = JSON.parse(line) as Json
    if (canonicalJson(value) !== line || !isObject(value)) return undefined
    const { index, entry } = value
    return typeof index === 'number' && isObject(entry) ? { index, entry } : undefined
  } catch {
    return undefined
  }
}

/** Remembers the file being read, which is at fault if reading fails. */
async function* labelled(
  content: AsyncIterable<Uint8Array> | undefined,
  name: string,
  reading: { name: string },
): AsyncGenerator<Uint8Array> {
  const chunks = content?.[Symbol.asyncIterator]()
  try {
    for (;;) {
      reading.name = name
      const next = await chunks?.next()
      if (!next || next.done === true) return
      yield next.value
    }
  } finally {
    await chunks?.return?.()
  }
}

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
