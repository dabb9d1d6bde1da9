/**
 * `make`, which gives the same for the same key, with the last answers kept: at most `most`, and
 * none for a text that is longer than `longest`, so that no file fills the memory.
 */
export function cached<Key extends string | number, T>(
  make: (key: Key) => T,
  most: number,
  longest = Infinity,
): (key: Key) => T {
  const known = new Map<Key, T>()
  return (key) => {
    const before = known.get(key)
    if (before !== undefined) return before
    const made = make(key)
    if (known.size >= most) known.clear()
    if (typeof key === 'number' || key.length <= longest) known.set(key, made)
    return made
  }
}
