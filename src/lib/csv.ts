/** CSV (RFC 4180) whose fields a spreadsheet displays but never evaluates. Uses no Node module. */

/** One record: every field quoted, quotes doubled, terminated by CRLF. */
export const csvRecord = (fields: readonly string[]): string =>
  `${fields.map((field) => `"${harmless(field).replaceAll('"', '""')}"`).join(',')}\r\n`

/**
 * A field that begins like a formula is prefixed with an apostrophe, as OWASP advises against CSV
 * injection; this includes full-width forms and leading blanks. Control characters, which end a
 * cell early in some programs, become spaces.
 */
const harmless = (field: string): string => {
  const plain = field.replace(/\p{Cc}/gu, ' ')
  return /^[\s'"]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]/u.test(plain) ? `'${plain}` : plain
}
