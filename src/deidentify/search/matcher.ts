/**
 * Searches for many tokens at once (Aho and Corasick, 1975). Each character costs one step for any
 * tokens and any text, so that nobody can make the search slow; regular expressions with
 * alternatives can be made to take minutes. The table of steps is filled in as texts reach its
 * states: most instances reach only a few of the thousand or so that the dates alone produce.
 */

import {
  depthOf,
  INSIDE,
  NOTHING,
  treeOf,
  WORD,
  type TokenTree,
  type Tokens,
} from './token-tree.js'

/** States for which space is allocated at first. */
const FEW_STATES = 32

/** From this many bytes the table of character pairs is worth building. */
const LARGE = 4096
/** With shorter tokens too few bytes can be skipped. */
const SHORTEST_WITH_PAIRS = 4

/** Indexed by byte, read as Latin-1. */
const LOWER_CASE = Uint16Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(byte).toLowerCase().charCodeAt(0),
)

export class Matcher {
  readonly #tree: TokenTree
  /** The table column of each byte, taken as lower case; 0 for bytes that occur in no token. */
  readonly #byByte = new Uint16Array(256)
  /** Indexed by byte: 1 if it occurs in no token. */
  readonly #parts = new Uint8Array(256)
  /** Indexed by two bytes. Built for the first large value: most instances have none. */
  #followed: Uint8Array | undefined
  /**
   * Indexed by state and column: the next state. A negative value is the tree node (as ~node) for
   * which no state exists yet.
   */
  #next: Int32Array
  /** Indexed by node: its state; 0 for the root, and for nodes without a state yet. */
  readonly #states: Int32Array
  /** Indexed by state: whether tokens end here. */
  readonly #ends: number[] = []
  /** Indexed by state: lengths of the words that end here. */
  readonly #words: (readonly number[])[] = []
  /** Indexed by state: the state of the longest suffix of its text that starts a token. */
  readonly #fallbacks: number[] = []

  /**
   * @param maxCells bounds the size of the table: characters of all tokens, times the size of their
   *   alphabet.
   * @throws RangeError when it would be larger.
   */
  constructor(tokens: Tokens, maxCells: number) {
    const tree = treeOf(tokens, maxCells)
    this.#tree = tree
    this.#states = new Int32Array(tree.nodes)
    this.#next = new Int32Array(Math.min(tree.nodes, FEW_STATES) * tree.columns)
    this.#enter(0, 0)
    for (let byte = 0; byte < 256; byte++) {
      const column = tree.columnOf(LOWER_CASE[byte] ?? 0)
      this.#byByte[byte] = column
      this.#parts[byte] = column === 0 && byte !== 0 ? 1 : 0
    }
  }

  /** Whether `text` contains a token. */
  isIn(text: string): boolean {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      state = this.#step(state, this.#tree.columnOf(text.charCodeAt(at)))
      const ends = this.#ends[state]
      if (ends === NOTHING) continue
      if (ends === INSIDE) return true
      const words = this.#words[state] ?? []
      if (words.some((length) => isAlone(text, at + 1 - length, at + 1))) return true
    }
    return false
  }

  /**
   * Like `isIn` for the text from `start` to `end` in lower case, without creating a string. Works
   * for ASCII, which is the same in every character set. Undefined when the text must be decoded:
   * it has other characters, escape sequences, NUL, or digits with separators between them.
   */
  isInAscii(bytes: Buffer, start: number, end: number): boolean | undefined {
    let next = this.#next
    const allEnds = this.#ends
    const { columns } = this.#tree
    const columnOf = this.#byByte
    let state = 0
    /** Number of separators since the last digit. */
    let apart = NOT_APART
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0
      const kind = ASCII[byte]
      if (kind === UNREADABLE) return undefined
      if (kind === DIGIT) {
        if (apart > 0 && apart <= 3) return undefined
        apart = 0
      } else {
        apart = kind === SEPARATOR ? apart + 1 : NOT_APART
      }
      const cell = state * columns + (columnOf[byte] ?? 0)
      state = next[cell] ?? 0
      if (state < 0) {
        state = this.#arrive(cell)
        next = this.#next
      }
      const ends = allEnds[state]
      if (ends === NOTHING) continue
      if (ends === INSIDE) return true
      const after = at + 1 < end ? (bytes[at + 1] ?? 0) : SPACE
      if (ASCII[after] === UNREADABLE) return undefined
      if (isLetterOrDigit(after)) continue
      for (const length of this.#words[state] ?? [])
        if (at - length < start || !isLetterOrDigit(bytes[at - length] ?? 0)) return true
    }
    return false
  }

  /**
   * Continues from `state` (0 at the start) through the bytes from `start` to `end`, read as
   * Latin-1 in lower case. Returns -1 once a token is found. Words are not searched for. Zero bytes
   * are skipped, so that UTF-16 text is searched too.
   */
  follow(bytes: Buffer, state: number, start = 0, end: number = bytes.length): number {
    let next = this.#next
    const ends = this.#ends
    const { columns } = this.#tree
    const columnOf = this.#byByte
    // By index: iterating over a buffer takes twice as long.
    let at = start
    while (at < end) {
      if (state === 0) at = this.#skip(bytes, at, end)
      if (at >= end) break
      let byte = bytes[at++] ?? 0
      while (byte === 0 && at < end) byte = bytes[at++] ?? 0
      if (byte === 0) break
      const cell = state * columns + (columnOf[byte] ?? 0)
      state = next[cell] ?? 0
      if (state < 0) {
        state = this.#arrive(cell)
        next = this.#next
      }
      if (ends[state] === INSIDE) return -1
    }
    return state
  }

  /**
   * The next position, from `from` on, where a token may begin. If the byte or pair of bytes at the
   * end of the shortest possible token occurs in no token, none can begin before it (after
   * Horspool, 1980).
   */
  #skip(bytes: Buffer, from: number, end: number): number {
    const { shortest } = this.#tree
    let at = from
    if (shortest >= SHORTEST_WITH_PAIRS && end - from >= LARGE) {
      const pairs = this.#pairs()
      for (let last = at + shortest - 1; last < end; last = at + shortest - 1) {
        if (pairs[((bytes[last - 1] ?? 0) << 8) | (bytes[last] ?? 0)] === 1) break
        at = last
      }
      return at
    }
    const parts = this.#parts
    for (let last = at + shortest - 1; last < end; last = at + shortest - 1) {
      if (parts[bytes[last] ?? 0] !== 1) break
      at = last + 1
    }
    return at
  }

  /**
   * Indexed by two bytes: 1 if they can occur next to each other in a token. Next to a zero byte
   * any byte can, because the text may be UTF-16.
   */
  #pairs(): Uint8Array {
    if (this.#followed) return this.#followed
    const { parent, column, nodes, columns } = this.#tree
    const byColumns = new Uint8Array(columns * columns)
    for (let node = 1; node < nodes; node++)
      byColumns[(column[parent[node] ?? 0] ?? 0) * columns + (column[node] ?? 0)] = 1
    const pairs = new Uint8Array(0x10000)
    for (let first = 0; first < 256; first++) {
      if (this.#parts[first] === 1) continue
      const row = (this.#byByte[first] ?? 0) * columns
      for (let second = 0; second < 256; second++) {
        const canFollow =
          first === 0 || second === 0 || byColumns[row + (this.#byByte[second] ?? 0)] === 1
        if (canFollow && this.#parts[second] !== 1) pairs[(first << 8) | second] = 1
      }
    }
    return (this.#followed = pairs)
  }

  #step(state: number, column: number): number {
    const cell = state * this.#tree.columns + column
    const next = this.#next[cell] ?? 0
    return next < 0 ? this.#arrive(cell) : next
  }

  /** Replaces the node in `cell` by its state. This may reallocate the table. */
  #arrive(cell: number): number {
    const state = this.#stateOf(~(this.#next[cell] ?? 0))
    this.#next[cell] = state
    return state
  }

  /** The state of a node, created when a text first reaches it. */
  #stateOf(node: number): number {
    const { parent, column } = this.#tree
    const known = this.#states[node] ?? 0
    if (known !== 0) return known
    // The parent already has a state: the text came from there, or fell back to it.
    const before = this.#states[parent[node] ?? 0] ?? 0
    const fallback = before === 0 ? 0 : this.#step(this.#fallbacks[before] ?? 0, column[node] ?? 0)
    return (this.#states[node] = this.#enter(node, fallback))
  }

  /**
   * Creates a state. Its steps are those of its fallback, except where it has children of its own.
   */
  #enter(node: number, fallback: number): number {
    const { firstChild, sibling, column, ends, columns } = this.#tree
    const made = this.#ends.length
    if ((made + 1) * columns > this.#next.length) this.#next = doubled(this.#next)
    const row = made * columns
    if (node !== 0) this.#next.copyWithin(row, fallback * columns, (fallback + 1) * columns)
    for (let child = firstChild[node] ?? 0; child !== 0; child = sibling[child] ?? 0)
      this.#next[row + (column[child] ?? 0)] = ~child
    const own = ends[node] ?? NOTHING
    const words = this.#words[fallback] ?? []
    this.#ends.push(Math.max(own, this.#ends[fallback] ?? NOTHING))
    this.#words.push(own === WORD ? [depthOf(node, this.#tree), ...words] : words)
    this.#fallbacks.push(fallback)
    return made
  }
}

function doubled(table: Int32Array): Int32Array {
  const larger = new Int32Array(2 * table.length)
  larger.set(table)
  return larger
}

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u

const isAlone = (text: string, start: number, end: number): boolean =>
  !LETTER_OR_DIGIT.test(text.charAt(start - 1)) && !LETTER_OR_DIGIT.test(text.charAt(end))

const SPACE = 0x20
const NOT_APART = -1e9
/** Classes of bytes; all others are 0. */
const UNREADABLE = 1
const DIGIT = 2
const SEPARATOR = 3
const LETTER = 4
const ASCII = new Uint8Array(256)
ASCII.fill(UNREADABLE, 0x80)
ASCII[0] = ASCII[0x1b] = UNREADABLE
for (const byte of Buffer.from('0123456789')) ASCII[byte] = DIGIT
for (const byte of Buffer.from('-./() ')) ASCII[byte] = SEPARATOR
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyz'))
  ASCII[byte] = ASCII[byte - 32] = LETTER

const isLetterOrDigit = (byte: number): boolean => ASCII[byte] === LETTER || ASCII[byte] === DIGIT
