/**
 * The text of a file that somebody gave us: UTF-8; UTF-16 with a byte order mark, as written by the
 * `>` of PowerShell; or an OpenPGP key in binary, as `gpg --export` writes it, put in ASCII armor
 * (RFC 9580 section 6.2). Anything else is decoded as UTF-8, and its reader reports what is wrong.
 */
export function fileText(octets: Uint8Array): string {
  const utf8 = decode(octets, 'utf-8')
  if (utf8 !== undefined) return utf8
  const [first = 0, second = 0] = octets
  if (first === 0xff && second === 0xfe) return decode(octets, 'utf-16le') ?? ''
  if (first === 0xfe && second === 0xff) return decode(octets, 'utf-16be') ?? ''
  const block = BLOCKS[tagOf(first)]
  return block === undefined ? new TextDecoder().decode(octets) : armored(block, octets)
}

/** RFC 9580 sections 5.5.1.1 and 5.5.1.3, by packet type. */
const BLOCKS: Readonly<Record<number, string>> = { 5: 'PRIVATE', 6: 'PUBLIC' }

/** The type in a packet's first octet; 0, which no packet has, for anything else. */
const tagOf = (octet: number): number =>
  octet < 0x80 ? 0 : (octet & 0x40) !== 0 ? octet & 0x3f : (octet >> 2) & 0x0f

function armored(block: string, octets: Uint8Array): string {
  const lines =
    Buffer.from(octets)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [
    `-----BEGIN PGP ${block} KEY BLOCK-----`,
    '',
    ...lines,
    `-----END PGP ${block} KEY BLOCK-----`,
    '',
  ].join('\n')
}

const decode = (octets: Uint8Array, encoding: string): string | undefined => {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: false }).decode(octets)
  } catch {
    return undefined
  }
}
