/**
 * A bounded cache of results by the bytes of an element. Elements of one tag are compared directly,
 * which costs a tenth of building a key from their bytes.
 */
import { type Element, findElement } from '../../dicom/elements/index.js'

/** Longer elements are not cached, because they would displace many others. */
const MAX_ELEMENT = 4096
/**
 * Variants of one attribute: images that alternate between two types, phases or echoes still find
 * theirs.
 */
const VARIANTS = 8
/** Approximate overhead of an entry beyond its bytes. */
const ENTRY = 128
/** Up to this length, a loop compares faster than a call to native code. */
const SHORT = 64

/** Bytes of an element, copied behind those of others: a buffer for each would cost more. */
interface Copy {
  readonly slab: Buffer
  readonly start: number
  readonly length: number
}
const SLAB = 0x1000

interface Entry<T> {
  readonly own: Copy
  readonly beside: Copy | undefined
  readonly result: T
}

/** The results for one attribute. */
interface Variants<T> {
  /** Tag of another attribute on which the results depend, unless the element has items. */
  readonly partner: number | undefined
  readonly entries: Entry<T>[]
  /** The entry that is replaced next. */
  next: number
  /** Entries made since one was last found: once there are `VARIANTS`, no more are made. */
  unused: number
}

/** Whether an element is short enough to be cached. */
export const isCacheable = ({ start, end }: Element): boolean => end - start <= MAX_ELEMENT

const NO_BYTES = Buffer.alloc(0)

export class ByElement<T extends object | true> {
  readonly #byTag = new Map<number, Variants<T>>()
  readonly #partnerOf: (tag: number) => number | undefined
  readonly #most: number
  #size = 0
  #slab = NO_BYTES
  #used = 0

  /**
   * @param most approximate bound in bytes; beyond it, everything is dropped.
   * @param partnerOf the tag of another attribute on which the result for one depends.
   */
  constructor(most: number, partnerOf: (tag: number) => number | undefined = () => undefined) {
    this.#most = most
    this.#partnerOf = partnerOf
  }

  /** @param elements the data set, which may contain the partner. */
  find(element: Element, buffer: Buffer, elements: readonly Element[]): T | undefined {
    const { tag, start, end } = element
    const variants = this.#byTag.get(tag)
    if (variants === undefined) return undefined
    for (const entry of variants.entries) {
      if (!isSame(entry.own, buffer, start, end)) continue
      const beside = besideOf(element, variants.partner, elements)
      if (!isSameBeside(entry.beside, beside, buffer)) continue
      variants.unused = 0
      return entry.result
    }
    return undefined
  }

  /**
   * Attributes with another value in every instance, such as its UID, are no longer kept once that
   * is evident.
   */
  keep(element: Element, buffer: Buffer, elements: readonly Element[], result: T): void {
    const variants = this.#variantsOf(element.tag)
    if (variants.unused >= VARIANTS) return
    const { start, end } = element
    const beside = besideOf(element, variants.partner, elements)
    const size = end - start + (beside ? beside.end - beside.start : 0)
    if (size > MAX_ELEMENT) return
    variants.unused += 1
    variants.entries[variants.next] = {
      own: this.#copy(buffer, start, end),
      beside: beside && this.#copy(buffer, beside.start, beside.end),
      result,
    }
    variants.next = (variants.next + 1) % VARIANTS
    this.#grow(size + ENTRY)
  }

  #variantsOf(tag: number): Variants<T> {
    const known = this.#byTag.get(tag)
    if (known) return known
    const made = { partner: this.#partnerOf(tag), entries: [], next: 0, unused: 0 }
    this.#byTag.set(tag, made)
    return made
  }

  #copy(buffer: Buffer, from: number, to: number): Copy {
    const length = to - from
    if (this.#used + length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB, length))
      this.#used = 0
    }
    const [slab, start] = [this.#slab, this.#used]
    this.#used += length
    if (length > SHORT) buffer.copy(slab, start, from, to)
    else for (let at = 0; at < length; at++) slab[start + at] = buffer[from + at] ?? 0
    return { slab, start, length }
  }

  #grow(size: number): void {
    this.#size += size
    if (this.#size <= this.#most) return
    this.#byTag.clear()
    this.#size = 0
  }
}

const besideOf = (
  { items }: Element,
  partner: number | undefined,
  elements: readonly Element[],
): Element | undefined =>
  items !== undefined || partner === undefined ? undefined : findElement(elements, partner)

const isSameBeside = (
  copy: Copy | undefined,
  beside: Element | undefined,
  buffer: Buffer,
): boolean =>
  copy === undefined || beside === undefined
    ? copy === beside
    : isSame(copy, buffer, beside.start, beside.end)

/**
 * Compares from the end, because values of one attribute differ there first: UIDs, times, numbers.
 */
function isSame(
  { slab, start: first, length }: Copy,
  buffer: Buffer,
  start: number,
  end: number,
): boolean {
  if (length !== end - start) return false
  if (length > SHORT) return slab.compare(buffer, start, end, first, first + length) === 0
  for (let at = length - 1; at >= 0; at--) if (slab[first + at] !== buffer[start + at]) return false
  return true
}
