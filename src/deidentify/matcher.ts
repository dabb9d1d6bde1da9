/**
 * Many tokens looked for at once (Aho and Corasick, 1975). Each character costs one step whatever the tokens and the
 * text are, so nobody can make the search slow; alternatives of a regular expression can be made to take minutes.
 */

/** A longer token is looked for by its start: that finds more, never less. */
const MAX_LENGTH = 64

/** What ends at a state. */
const NOTHING = 0
const WORD = 1
const INSIDE = 2

/** By byte, as Latin-1. */
const LOWER_CASE = Uint16Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(byte).toLowerCase().charCodeAt(0),
)

export interface Tokens {
  /** Found anywhere. */
  readonly inside: readonly string[]
  /** Found where no letter or digit stands beside them. */
  readonly words?: readonly string[]
}

export class Matcher {
  /** Column of each character of the tokens in the table; 0 for all others. */
  readonly #narrow = new Uint16Array(256)
  /** The same for a byte, of its lower case. */
  readonly #byByte = new Uint16Array(256)
  /** By byte: 1 where no token goes on. */
  readonly #parts = new Uint8Array(256)
  readonly #wide = new Map<number, number>()
  #columns = 1
  /** By state and column: the next state. */
  readonly #next: Int32Array
  /** By state: whether tokens end here. */
  readonly #ends: Uint8Array
  /** Of the tokens that are found anywhere, the shortest. */
  readonly #shortest: number
  /** By state: lengths of the words that end here. */
  readonly #words = new Map<number, readonly number[]>()

  /**
   * @param maxCells bounds the table: characters of all tokens, times their alphabet.
   * @throws RangeError when it would be larger.
   */
  constructor({ inside, words = [] }: Tokens, maxCells: number) {
    const tokens = [
      ...Array.from(inside, (token) => ({ token: token.slice(0, MAX_LENGTH), isWord: false })),
      ...Array.from(words, (token) => ({ token, isWord: true })),
    ].filter(({ token }) => token !== '')
    let states = 1
    let shortest = MAX_LENGTH
    for (const { token, isWord } of tokens) {
      states += token.length
      if (!isWord) shortest = Math.min(shortest, token.length)
      for (let at = 0; at < token.length; at++) this.#addColumn(token.charCodeAt(at))
    }
    this.#shortest = shortest
    if (states * this.#columns > maxCells) throw new RangeError('too many tokens')
    this.#next = new Int32Array(states * this.#columns)
    this.#ends = new Uint8Array(states)
    this.#link(this.#plant(tokens, states))
    for (let byte = 0; byte < 256; byte++) {
      const column = this.#columnOf(LOWER_CASE[byte] ?? 0)
      this.#byByte[byte] = column
      this.#parts[byte] = column === 0 && byte !== 0 ? 1 : 0
    }
  }

  /** Whether `text` holds a token. */
  isIn(text: string): boolean {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      const column = this.#columnOf(text.charCodeAt(at))
      state = column === 0 ? 0 : (this.#next[state * this.#columns + column] ?? 0)
      const ends = this.#ends[state]
      if (ends === NOTHING) continue
      if (ends === INSIDE) return true
      const words = this.#words.get(state) ?? []
      if (words.some((length) => isAlone(text, at + 1 - length, at + 1))) return true
    }
    return false
  }

  /**
   * The same of the text that stands from `start` to `end` in lower case, without making it: for ASCII, which means the same in every
   * character set. Undefined for what needs a closer look: other characters, escapes, NUL, and digits with separators between.
   */
  isInAscii(bytes: Buffer, start: number, end: number): boolean | undefined {
    const next = this.#next
    const allEnds = this.#ends
    const columns = this.#columns
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
      const column = columnOf[byte] ?? 0
      state = column === 0 ? 0 : (next[state * columns + column] ?? 0)
      const ends = allEnds[state]
      if (ends === NOTHING) continue
      if (ends === INSIDE) return true
      const after = at + 1 < end ? (bytes[at + 1] ?? 0) : SPACE
      if (ASCII[after] === UNREADABLE) return undefined
      if (isLetterOrDigit(after)) continue
      for (const length of this.#words.get(state) ?? [])
        if (at - length < start || !isLetterOrDigit(bytes[at - length] ?? 0)) return true
    }
    return false
  }

  /**
   * Goes on from `state` (0 at the start) through the bytes from `start` to `end`, read as Latin-1 in lower case; -1 once a
   * token was found. Words are not looked for. Zeros are passed over, so that text in UTF-16 is text.
   */
  follow(bytes: Buffer, state: number, start = 0, end: number = bytes.length): number {
    const next = this.#next
    const ends = this.#ends
    const columns = this.#columns
    const columnOf = this.#byByte
    const parts = this.#parts
    const shortest = this.#shortest
    const lastSkip = end - shortest
    // By index: going through a buffer by its iterator takes twice as long.
    let at = start
    while (at < end) {
      if (state === 0 && at <= lastSkip && parts[bytes[at + shortest - 1] ?? 0] === 1) {
        // So many bytes, the last of them in no token, hold the start of none (after Horspool, 1980).
        do at += shortest
        while (at <= lastSkip && parts[bytes[at + shortest - 1] ?? 0] === 1)
        continue
      }
      let byte = bytes[at++] ?? 0
      while (byte === 0 && at < end) byte = bytes[at++] ?? 0
      if (byte === 0) break
      const column = columnOf[byte] ?? 0
      state = column === 0 ? 0 : (next[state * columns + column] ?? 0)
      if (state !== 0 && ends[state] === INSIDE) return -1
    }
    return state
  }

  #columnOf(code: number): number {
    return code < 256 ? (this.#narrow[code] ?? 0) : (this.#wide.get(code) ?? 0)
  }

  #addColumn(code: number): void {
    if (this.#columnOf(code) !== 0) return
    if (code < 256) this.#narrow[code] = this.#columns++
    else this.#wide.set(code, this.#columns++)
  }

  /** The tokens as a tree of states. */
  #plant(
    tokens: readonly { readonly token: string; readonly isWord: boolean }[],
    states: number,
  ): Tree {
    const tree = {
      firstChild: new Int32Array(states),
      sibling: new Int32Array(states),
      column: new Uint16Array(states),
    }
    let last = 0
    for (const { token, isWord } of tokens) {
      let state = 0
      for (let at = 0; at < token.length; at++) {
        const column = this.#columnOf(token.charCodeAt(at))
        const cell = state * this.#columns + column
        const known = this.#next[cell] ?? 0
        if (known === 0) {
          last += 1
          tree.column[last] = column
          tree.sibling[last] = tree.firstChild[state] ?? 0
          tree.firstChild[state] = last
          this.#next[cell] = last
        }
        state = this.#next[cell] ?? 0
      }
      if (isWord) this.#words.set(state, [...(this.#words.get(state) ?? []), token.length])
      this.#markEnd(state, isWord ? WORD : INSIDE)
    }
    return tree
  }

  /**
   * Every state falls back on the longest end of its text that begins a token: breadth first, parents before children.
   * A state goes where its fallback goes, but for its own children.
   */
  #link({ firstChild, sibling, column }: Tree): void {
    const columns = this.#columns
    const fallback = new Int32Array(firstChild.length)
    const queue = [0]
    for (const state of queue) {
      const behind = fallback[state] ?? 0
      const row = state * columns
      if (state !== 0) {
        this.#inherit(state, behind)
        this.#next.copyWithin(row, behind * columns, (behind + 1) * columns)
      }
      for (let child = firstChild[state] ?? 0; child !== 0; child = sibling[child] ?? 0) {
        const cell = row + (column[child] ?? 0)
        fallback[child] = state === 0 ? 0 : (this.#next[cell] ?? 0)
        this.#next[cell] = child
        queue.push(child)
      }
    }
  }

  #inherit(state: number, behind: number): void {
    this.#markEnd(state, this.#ends[behind] ?? NOTHING)
    const words = this.#words.get(behind)
    if (words) this.#words.set(state, [...(this.#words.get(state) ?? []), ...words])
  }

  /** What is found anywhere counts for more than a word. */
  #markEnd(state: number, end: number): void {
    this.#ends[state] = Math.max(this.#ends[state] ?? NOTHING, end)
  }
}

/** By state; 0, the root, is nobody's child and stands for none. */
interface Tree {
  readonly firstChild: Int32Array
  readonly sibling: Int32Array
  readonly column: Uint16Array
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
