/**
 * Many tokens looked for at once (Aho and Corasick, 1975). Each character costs one step whatever the tokens and the
 * text are, so nobody can make the search slow; alternatives of a regular expression can be made to take minutes.
 */

/** A longer token is looked for by its start: that finds more, never less. */
const MAX_LENGTH = 64

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
  readonly #wide = new Map<number, number>()
  #columns = 1
  /** By state and column: the next state. */
  readonly #next: Int32Array
  readonly #isFound: Uint8Array
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
    this.#isFound = new Uint8Array(states)
    this.#link(this.#plant(tokens, states))
    for (let byte = 0; byte < 256; byte++)
      this.#byByte[byte] = this.#columnOf(String.fromCharCode(byte).toLowerCase().charCodeAt(0))
  }

  /** Whether `text` holds a token. */
  isIn(text: string): boolean {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      const column = this.#columnOf(text.charCodeAt(at))
      state = column === 0 ? 0 : (this.#next[state * this.#columns + column] ?? 0)
      if (state === 0) continue
      if (this.#isFound[state] === 1) return true
      const words = this.#words.get(state)
      if (words?.some((length) => isAlone(text, at + 1 - length, at + 1)) === true) return true
    }
    return false
  }

  /**
   * Goes on from `state` (0 at the start) through `bytes` read as Latin-1 in lower case; -1 once a token was found.
   * Words are not looked for. Zeros are passed over, so that text in UTF-16 is text.
   */
  follow(bytes: Buffer, state: number): number {
    const next = this.#next
    const isFound = this.#isFound
    const columns = this.#columns
    const columnOf = this.#byByte
    const shortest = this.#shortest
    const lastSkip = bytes.length - shortest
    // By index: going through a buffer by its iterator takes twice as long.
    let at = 0
    while (at < bytes.length) {
      if (state === 0 && at <= lastSkip) {
        // So many bytes, the last of them in no token, hold the start of none (after Horspool, 1980).
        const last = bytes[at + shortest - 1] ?? 0
        if (last !== 0 && columnOf[last] === 0) {
          at += shortest
          continue
        }
      }
      const byte = bytes[at++] ?? 0
      if (byte === 0) continue
      const column = columnOf[byte] ?? 0
      state = column === 0 ? 0 : (next[state * columns + column] ?? 0)
      if (state !== 0 && isFound[state] === 1) return -1
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
      if (!isWord) this.#isFound[state] = 1
      else this.#words.set(state, [...(this.#words.get(state) ?? []), token.length])
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
    if (this.#isFound[behind] === 1) this.#isFound[state] = 1
    const words = this.#words.get(behind)
    if (words) this.#words.set(state, [...(this.#words.get(state) ?? []), ...words])
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
