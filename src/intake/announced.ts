/**
 * How many instances a study will have, as its modality announced: often before the first of them
 * arrives. In memory only; a study whose announcement was lost is completed by the quiet time.
 */
const MOST = 10_000

export class Announced {
  readonly #counts = new Map<string, number>()

  /** @param key facility and handle of the study */
  expect(key: string, count: number | undefined): void {
    this.#counts.delete(key)
    if (count === undefined) return
    const [oldest] = this.#counts.size >= MOST ? this.#counts.keys() : []
    if (oldest !== undefined) this.#counts.delete(oldest)
    this.#counts.set(key, count)
  }

  countOf(key: string): number | undefined {
    return this.#counts.get(key)
  }

  /** Call when the study was completed: what arrives later belongs to no announcement. */
  forget(key: string): void {
    this.#counts.delete(key)
  }
}
