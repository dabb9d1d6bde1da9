/**
 * OpenPGP files are armored text or binary, and callers hold them as strings or octets; these
 * functions accept all of these.
 */

/**
 * Returns the text of armored input, or undefined when the input is binary. The first octet of a
 * binary packet has bit 7 set; that of armored text does not. A byte order mark is dropped: UTF-8
 * as some editors write it, or UTF-16 as the `>` of PowerShell does.
 */
export function textOf(input: string | Uint8Array): string | undefined {
  if (typeof input === 'string') return input.replace(/^\uFEFF/, '')
  const mark = MARKS.find(({ octets }) => octets.every((octet, at) => input[at] === octet))
  if (mark) return new TextDecoder(mark.encoding).decode(input)
  return (input[0] ?? 0) < 0x80 ? new TextDecoder('latin1').decode(input) : undefined
}

const MARKS = [
  { encoding: 'utf-8', octets: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', octets: [0xff, 0xfe] },
] as const

/**
 * Returns the input as octets (UTF-8 for a string), copied into separate memory because openpgp may
 * keep what it is given.
 */
export function binaryOf(input: string | Uint8Array): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : Uint8Array.from(input)
}
