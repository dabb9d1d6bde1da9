/** Tokens as a tree of their characters, and the columns that those have in a table of states. */

/** A longer token is looked for by its start: that finds more, never less. */
const MAX_LENGTH = 64

/** What ends at a node. */
export const NOTHING = 0
/** A token that is found where no letter or digit stands beside it. */
export const WORD = 1
/** A token that is found anywhere, which counts for more. */
export const INSIDE = 2

export interface Tokens {
  /** Found anywhere. */
  readonly inside: readonly string[]
  /** Found where no letter or digit stands beside them. */
  readonly words?: readonly string[]
}

/** By node; 0, the root, is nobody's child and stands for none. */
export interface TokenTree {
  readonly firstChild: Int32Array
  readonly sibling: Int32Array
  readonly parent: Int32Array
  /** Of the character that leads here. */
  readonly column: Uint16Array
  readonly ends: Uint8Array
  /** How many there may be. */
  readonly nodes: number
  readonly columns: number
  /** Column of a character; 0 for all that are in no token. */
  readonly columnOf: (code: number) => number
  /** Of the tokens that are found anywhere, the shortest. */
  readonly shortest: number
}

/**
 * @param maxCells bounds what a table of states may take: characters of all tokens, times their
 * alphabet.
 * @throws RangeError when it would take more.
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

/** Columns in the order in which characters come. */
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

/** How many characters lead to a node. */
export function depthOf(node: number, { parent }: TokenTree): number {
  let depth = 0
  for (let at = node; at !== 0; at = parent[at] ?? 0) depth++
  return depth
}
