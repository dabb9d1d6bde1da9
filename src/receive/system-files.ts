/** How many bytes of an entry `isSystemFile` needs. */
export const SYSTEM_FILE_LOOK = 16

/** Name and first bytes must both match: no file is skipped because of its name alone. */
const SYSTEM_FILES: readonly { readonly name: RegExp; readonly start: string }[] = [
  // AppleDouble (RFC 1740).
  { name: /(^|\/)\._[^/]*$/, start: '\0\x05\x16\x07' },
  { name: /(^|\/)\.DS_Store$/, start: '\0\0\0\x01Bud1' },
  { name: /(^|\/)thumbs\.db$/i, start: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' },
  { name: /(^|\/)desktop\.ini$/i, start: '[' },
  { name: /(^|\/)desktop\.ini$/i, start: '\r\n[' },
  { name: /(^|\/)desktop\.ini$/i, start: '\xff\xfe[\0' },
  { name: /(^|\/)desktop\.ini$/i, start: '\xff\xfe\r\0\n\0[\0' },
]

/**
 * A folder, or a metadata file that an operating system adds next to the user's files. The sender
 * did not send it deliberately, so it gets no result.
 */
export function isSystemFile(name: string, head: Buffer): boolean {
  const path = name.replaceAll('\\', '/')
  if (path.endsWith('/')) return head.length === 0
  const start = head.toString('latin1')
  return SYSTEM_FILES.some((each) => each.name.test(path) && start.startsWith(each.start))
}
