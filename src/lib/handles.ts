/** Keyed handles of patients, as the ledger has them: 64 hexadecimal digits. */
const HANDLES = /\b[0-9a-f]{64}\b/g

/** The handles in a recorded query, whatever its form. */
export const handlesIn = (query: unknown): readonly string[] =>
  JSON.stringify(query ?? null).match(HANDLES) ?? []
