/**
 * OpenPGP files are armored text or binary, and callers hold them as strings or octets; these
 * functions accept all of these.
 */

/** What editors on Windows put in front of a text, in UTF-8. */
const MARK = [0xef, 0xbb, 0xbf]

/**
 * Returns the text of armored input, or undefined when the input is binary. The first octet of a
 * binary packet has bit 7 set; that of armored text does not. A byte order mark is dropped.
 */
export function textOf(input: string | Uint8Array): string | undefined {
  if (typeof input === 'string') return input.replace(/^\uFEFF/, '')
  const octets = MARK.every((octet, at) => input[at] === octet) ? input.subarray(3) : input
  return (octets[0] ?? 0) < 0x80 ? new TextDecoder('latin1').decode(octets) : undefined
}

/**
 * Returns the input as octets (UTF-8 for a string), copied into separate memory because openpgp may
 * keep what it is given.
 */
export function binaryOf(input: string | Uint8Array): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : Uint8Array.from(input)
}
