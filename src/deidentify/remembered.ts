/**
 * `make`, which gives the same for the same text, with the last answers kept: at most `most`, and none for a text that is
 * longer than `longest`, so that no file fills the memory.
 */
export function remembered<T>(
  make: (text: string) => T,
  most: number,
  longest: number,
): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const made = make(text)
    if (known.size >= most) known.clear()
    if (text.length <= longest) known.set(text, made)
    return made
  }
}
