/**
 * The known word that was probably meant, or undefined when none is similar: at most a third of the
 * letters may differ, and never more than `most`, because a far-fetched suggestion is worse than
 * none.
 */
export function nearest(
  word: string,
  known: Iterable<string>,
  most = Infinity,
): string | undefined {
  const wanted = word.toLowerCase()
  let best: { word: string; distance: number } | undefined
  for (const candidate of known) {
    const third = Math.floor(Math.max(wanted.length, candidate.length) / 3)
    const allowed = Math.min(most, Math.max(1, third))
    // Comparing lengths rules out most candidates, and keeps a hostile word from making the table
    // large.
    if (Math.abs(wanted.length - candidate.length) > allowed) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance <= allowed && (best === undefined || distance < best.distance))
      best = { word: candidate, distance }
  }
  return best?.word
}

/** Optimal string alignment: insert, delete, replace, or swap two neighbours, one step each. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          at(last, j) + 1,
          at(row, j - 1) + 1,
          at(last, j - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, j - 2) + 1 : Infinity,
        ),
      )
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity
