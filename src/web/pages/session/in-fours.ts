/** A fingerprint in groups of four, as it is read aloud. */
export const inFours = (fingerprint: string): string =>
  (fingerprint.toUpperCase().match(/.{1,4}/g) ?? []).join(' ')
