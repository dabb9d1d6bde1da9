/**
 * Many tokens looked for at once (Aho and Corasick, 1975). Each character costs one step whatever
 * the tokens and the text are, so nobody can make the search slow; alternatives of a regular
 * expression can be made to take minutes. The table of steps grows as texts come to its states:
 * most instances come to a few of the thousand that dates alone have.
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

/** States that there is room for at first. */
const FEW_STATES = 32

/** Bytes from which on pairs of characters are worth gathering. */
const LARGE = 4096
/** With shorter tokens too few bytes are passed over. */
const SHORTEST_WITH_PAIRS = 4

/** By byte, as Latin-1. */
const LOWER_CASE = Uint16Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(byte).toLowerCase().charCodeAt(0),
)

export class Matcher {
  readonly #tree: TokenTree
  /** Column in the table of each byte, as its lower case; 0 for those that are in no token. */
  readonly #byByte = new Uint16Array(256)
  /** By byte: 1 where no token goes on. */
  readonly #parts = new Uint8Array(256)
  /** By two bytes, made when a large value comes: most instances have none. */
  #followed: Uint8Array | undefined
  /**
   * By state and column: the next state; below 0 the node of the tree (as ~node) whose state nobody
   * came to yet.
   */
  #next: Int32Array
  /** By node: its state; 0 for the root, and where nobody came yet. */
  readonly #states: Int32Array
  /** By state: whether tokens end here. */
  readonly #ends: number[] = []
  /** By state: lengths of the words that end here. */
  readonly #words: (readonly number[])[] = []
  /** By state: that of the longest end of its text that begins a token. */
  readonly #fallbacks: number[] = []

  /**
   * @param maxCells bounds the table: characters of all tokens, times their alphabet.
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

  /** Whether `text` holds a token. */
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
   * The same of the text that stands from `start` to `end`, in lower case, without making it: for
   * ASCII, which means the same in every character set. Undefined for what needs a closer look:
   * other characters, escapes, NUL, and digits with separators between.
   */
  isInAscii(bytes: Buffer, start: number, end: number): boolean | undefined {
    let next = this.#next
    const allEnds = this.#ends
    const { columns } = this.#tree
    const columnOf = this.#byByte
    let state = 0
    /** Separators since the last digit. */
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
   * Goes on from `state` (0 at the start) through the bytes from `start` to `end`, read as Latin-1
   * in lower case; -1 once a token was found. Words are not looked for. Zeros are passed over, so
   * that text in UTF-16 is text.
   */
  follow(bytes: Buffer, state: number, start = 0, end: number = bytes.length): number {
    let next = this.#next
    const ends = this.#ends
    const { columns } = this.#tree
    const columnOf = this.#byByte
    // By index: going through a buffer by its iterator takes twice as long.
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
   * Where a token may begin, from `from` on. One that began before would reach over the bytes at
   * the end of the next few, and does not when these are in no token, or do not follow one another
   * in any (after Horspool, 1980).
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
   * By two bytes: 1 where they may follow one another in a token. Next to a zero that is every one:
   * text may be UTF-16.
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

  /** Puts the state in the place of its node in `cell`. The table may be another one then. */
  #arrive(cell: number): number {
    const state = this.#stateOf(~(this.#next[cell] ?? 0))
    this.#next[cell] = state
    return state
  }

  /** The state of a node, worked out when a text first comes to it. */
  #stateOf(node: number): number {
    const { parent, column } = this.#tree
    const known = this.#states[node] ?? 0
    if (known !== 0) return known
    // Its parent's is known: that is where the text came from, or what it fell back on.
    const before = this.#states[parent[node] ?? 0] ?? 0
    const fallback = before === 0 ? 0 : this.#step(this.#fallbacks[before] ?? 0, column[node] ?? 0)
    return (this.#states[node] = this.#enter(node, fallback))
  }

  /** A new state. It goes where its fallback goes, but for its own children. */
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
/** Kinds of bytes; all others are 0. */
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
