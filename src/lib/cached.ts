/**
 * Wraps `make`, a pure function of its key, with a cache of recent results: at most `most` of them,
 * and none for keys longer than `longest`, so that no file can fill the memory.
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
