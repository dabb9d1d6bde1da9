/** Files that hold OpenPGP data are armored text or binary; callers have strings or octets. */

/**
 * The text of armored input; undefined when it is binary. A packet begins with bit 7 set, text does
 * not.
 */
export function textOf(input: string | Uint8Array): string | undefined {
  if (typeof input === 'string') return input
  return (input[0] ?? 0) < 0x80 ? new TextDecoder('latin1').decode(input) : undefined
}

/**
 * The octets given, or a text's UTF-8 octets, in memory of their own: openpgp may keep what it
 * gets.
 */
export function binaryOf(input: string | Uint8Array): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : Uint8Array.from(input)
}
