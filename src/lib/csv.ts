/** CSV (RFC 4180) that a spreadsheet shows and never computes. Without Node. */

/** One record: every field in quotes, quotes doubled, ended by CRLF. */
export const csvRecord = (fields: readonly string[]): string =>
  `${fields.map((field) => `"${harmless(field).replaceAll('"', '""')}"`).join(',')}\r\n`

/**
 * A field that begins like a formula gets an apostrophe in front, as OWASP says of CSV injection,
 * full-width forms and leading blanks included. Control characters, which could end a cell early in
 * one program or another, become a space.
 */
const harmless = (field: string): string => {
  const plain = field.replace(/\p{Cc}/gu, ' ')
  return /^[\s'"]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]/u.test(plain) ? `'${plain}` : plain
}
