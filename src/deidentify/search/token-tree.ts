/** Tokens as a tree of their characters, and the table columns of those characters. */

/** A longer token is searched for by its beginning, which finds more and never less. */
const MAX_LENGTH = 64

/** Kinds of token that end at a node. */
export const NOTHING = 0
/** A token that must not be adjacent to a letter or digit. */
export const WORD = 1
/** A token that matches anywhere, and takes precedence over a word. */
export const INSIDE = 2

export interface Tokens {
  /** Tokens that match anywhere. */
  readonly inside: readonly string[]
  /** Tokens that match only as a separate word, with no letter or digit next to them. */
  readonly words?: readonly string[]
}

/** Indexed by node. Node 0 is the root; as a child or sibling, 0 means none. */
export interface TokenTree {
  readonly firstChild: Int32Array
  readonly sibling: Int32Array
  readonly parent: Int32Array
  /** The column of the character that leads to the node. */
  readonly column: Uint16Array
  readonly ends: Uint8Array
  /** Upper bound of the number of nodes. */
  readonly nodes: number
  readonly columns: number
  /** Column of a character; 0 for characters that occur in no token. */
  readonly columnOf: (code: number) => number
  /** Length of the shortest token that matches anywhere. */
  readonly shortest: number
}

/**
 * @param maxCells bounds the size of a table of states: characters of all tokens, times the size of
 *   their alphabet.
 * @throws RangeError when it would be larger.
 */
export function treeOf({ inside, words = [] }: Tokens, maxCells: number): TokenTree {
  let nodes = 1
  let shortest = MAX_LENGTH
  for (const { length } of inside) {
    if (length > 0) shortest = Math.min(shortest, length)
    nodes += Math.min(length, MAX_LENGTH)
  }
  for (const { length } of words) nodes += length
  const firstChild = new Int32Array(nodes)
  const sibling = new Int32Array(nodes)
  const parent = new Int32Array(nodes)
  const column = new Uint16Array(nodes)
  const ends = new Uint8Array(nodes)
  const alphabet = newAlphabet()
  let last = 0
  const plant = (token: string, length: number, end: number): void => {
    let node = 0
    for (let at = 0; at < length; at++) {
      const own = alphabet.add(token.charCodeAt(at))
      let child = firstChild[node] ?? 0
      while (child !== 0 && column[child] !== own) child = sibling[child] ?? 0
      if (child === 0) {
        child = ++last
        column[child] = own
        parent[child] = node
        sibling[child] = firstChild[node] ?? 0
        firstChild[node] = child
      }
      node = child
    }
    if (node !== 0) ends[node] = Math.max(ends[node] ?? NOTHING, end)
  }
  for (const token of inside) plant(token, Math.min(token.length, MAX_LENGTH), INSIDE)
  for (const word of words) plant(word, word.length, WORD)
  const columns = alphabet.size()
  if (nodes * columns > maxCells) throw new RangeError('too many tokens')
  const { columnOf } = alphabet
  return { firstChild, sibling, parent, column, ends, nodes, columns, columnOf, shortest }
}

/** Assigns columns to characters in order of first occurrence. */
function newAlphabet() {
  const narrow = new Uint16Array(256)
  const wide = new Map<number, number>()
  let columns = 1
  const columnOf = (code: number): number =>
    code < 256 ? (narrow[code] ?? 0) : (wide.get(code) ?? 0)
  return {
    columnOf,
    add(code: number): number {
      const known = columnOf(code)
      if (known !== 0) return known
      const column = columns++
      if (code < 256) narrow[code] = column
      else wide.set(code, column)
      return column
    },
    size: () => columns,
  }
}

/** The length of the text that leads to a node. */
export function depthOf(node: number, { parent }: TokenTree): number {
  let depth = 0
  for (let at = node; at !== 0; at = parent[at] ?? 0) depth++
  return depth
}
