/** Values that replace the original: valid for the VR, and the same for everybody. */

/** Replaces text. Short and plain enough for CS, AE and SH. */
export const DUMMY_TEXT = 'ANONYMIZED'

const TEXTS: Readonly<Record<string, string>> = {
  AE: DUMMY_TEXT,
  AS: '000D',
  CS: DUMMY_TEXT,
  DA: '19000101',
  DS: '0',
  DT: '19000101000000',
  IS: '0',
  LO: DUMMY_TEXT,
  LT: DUMMY_TEXT,
  PN: DUMMY_TEXT,
  SH: DUMMY_TEXT,
  ST: DUMMY_TEXT,
  TM: '000000',
  UC: DUMMY_TEXT,
  UR: 'urn:anonymized',
  UT: DUMMY_TEXT,
}

/** Octets per value for the VRs that are not text. */
const SIZES: Readonly<Record<string, number>> = {
  AT: 4,
  FD: 8,
  FL: 4,
  OD: 8,
  OF: 4,
  OL: 4,
  OV: 8,
  SL: 4,
  SV: 8,
  UL: 4,
  UV: 8,
}

/** PS3.15 E.1.1, action D: a text for text VRs, otherwise zeros. UI and SQ have no dummy. */
export const dummyOf = (vr: string): string | Buffer => TEXTS[vr] ?? Buffer.alloc(SIZES[vr] ?? 2)

/** For the conformance statement: `19000101 (DA)`. */
export const describeDummies = (): string => {
  const vrs = new Map<string, string[]>()
  for (const [vr, text] of Object.entries(TEXTS)) vrs.set(text, [...(vrs.get(text) ?? []), vr])
  return [...vrs].map(([text, of]) => `${text} (${of.join(', ')})`).join(', ')
}
