/** Cuts a data set into pieces that the second reader can process in one short step each. */
import type { Element, Encoding, Item } from '../dicom/elements/index.js'
import { Output, addItem, addSequence } from '../dicom/write/index.js'

/**
 * Maximum cost of a piece: an element or item costs 1, and every 512 bytes of a value another 1.
 */
export const PIECE = 200
/** Values from this size are left out of their piece. */
const LARGE = 0x10000

/** Their length has four bytes (PS3.5 section 7.1.2), of which dcmjs reads two. */
const SHORTENED_VRS: ReadonlySet<string> = new Set(['OL', 'OV', 'SV'])

/** Specific Character Set, View Orientation Modifier and Component Type Code Sequence. */
const LEFT_OUT: ReadonlySet<number> = new Set([0x00080005, 0x006862f0, 0x00760034])

/** What dcmjs is not shown; see `expectAgreement`. */
export const isLeftOut = ({ tag, vr, items, valueStart, valueEnd }: Element): boolean =>
  LEFT_OUT.has(tag) ||
  SHORTENED_VRS.has(vr) ||
  (vr === 'UN' && items !== undefined) ||
  (items === undefined && valueEnd - valueStart > LARGE)

/**
 * All of `elements`, in order. A sequence that is too long is split into several with fewer items
 * each, and an item that is too long into several with fewer elements each, so that every element
 * is seen at its own nesting.
 */
export function* pieces(elements: readonly Element[]): Generator<readonly Element[], void> {
  let piece: Element[] = []
  let cost = 0
  for (const element of elements) {
    const own = costOf(element)
    if (cost + own > PIECE && piece.length > 0) {
      yield piece
      piece = []
      cost = 0
    }
    if (element.items && own > PIECE) {
      // Marked as undefined length so that `frame` writes it again, with only these items.
      for (const items of pieceItems(element.items))
        yield [{ ...element, items, undefinedLength: true }]
    } else {
      piece.push(element)
      cost += own
    }
  }
  yield piece
}

/**
 * The items of a long sequence, except those with the same tags, VRs and lengths as an earlier one:
 * to a reader of their structure they are identical. The thousands of frames of an image have only
 * a few shapes.
 */
function* pieceItems(items: readonly Item[]): Generator<readonly Item[], void> {
  let piece: Item[] = []
  let cost = 0
  const shapes = new Set<string>()
  for (const item of items) {
    const own = costOfAll(item.elements, 1)
    if (own <= PIECE && shapes.size < MAX_SHAPES) {
      const shape = shapeOf(item.elements)
      if (shapes.has(shape)) continue
      shapes.add(shape)
    }
    if (cost + own > PIECE && piece.length > 0) {
      yield piece
      piece = []
      cost = 0
    }
    if (own > PIECE) {
      for (const elements of pieces(item.elements)) yield [{ ...item, elements }]
    } else {
      piece.push(item)
      cost += own
    }
  }
  yield piece
}

const MAX_SHAPES = 1000

/** Tags, VRs, lengths and nesting: all that a reader's view of the structure can depend on. */
export const shapeOf = (elements: readonly Element[]): string =>
  elements
    .map(({ tag, vr, items, start, end, undefinedLength }) => {
      const inside = items?.map(
        (item) => `(${String(item.end - item.start)} ${shapeOf(item.elements)})`,
      )
      const own = `${String(tag)}${vr}${String(end - start)}${undefinedLength ? '-' : ''}`
      return inside ? own + inside.join('') : own
    })
    .join(',')

/** Counting stops once the limit is exceeded. */
function costOf({ items, valueStart, valueEnd }: Element): number {
  if (!items) return 1 + (valueEnd - valueStart > LARGE ? 0 : (valueEnd - valueStart) >>> 9)
  let cost = 1
  for (const { elements } of items) {
    if (cost > PIECE) return cost
    cost = costOfAll(elements, cost + 1)
  }
  return cost
}

function costOfAll(elements: readonly Element[], start: number): number {
  let cost = start
  for (const element of elements) {
    if (cost > PIECE) return cost
    cost += costOf(element)
  }
  return cost
}

/**
 * Whether the copy must write the sequence again, because a part of it has no defined length or is
 * left out.
 */
const isFramed = ({ undefinedLength, items = [] }: Element): boolean =>
  undefinedLength ||
  items.some(
    (item) =>
      item.undefinedLength ||
      item.elements.some((element) => isLeftOut(element) || isFramed(element)),
  )

/** Appends `elements` to `copy`: sequences with defined lengths, and without what is left out. */
export function frame(
  elements: readonly Element[],
  buffer: Buffer,
  encoding: Encoding,
  copy: Output,
): void {
  for (const element of elements) {
    if (isLeftOut(element)) continue
    const { tag, vr, items, start, end } = element
    if (!items || !isFramed(element)) {
      copy.add(buffer, start, end)
      continue
    }
    const content = new Output()
    for (const item of items) {
      const inside = new Output()
      frame(item.elements, buffer, item.encoding, inside)
      addItem(content, inside, item.encoding, false)
    }
    addSequence(copy, { tag, vr, undefinedLength: false }, content, encoding)
  }
}
