/**
 * OpenPGP files are armored text or binary, and callers hold them as strings or octets; these
 * functions accept all of these.
 */

/**
 * Returns the text of armored input, or undefined when the input is binary. The first octet of a
 * binary packet has bit 7 set; that of armored text does not.
 */
export function textOf(input: string | Uint8Array): string | undefined {
  if (typeof input === 'string') return input
  return (input[0] ?? 0) < 0x80 ? new TextDecoder('latin1').decode(input) : undefined
}

/**
 * Returns the input as octets (UTF-8 for a string), copied into separate memory because openpgp may
 * keep what it is given.
 */
export function binaryOf(input: string | Uint8Array): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : Uint8Array.from(input)
}
