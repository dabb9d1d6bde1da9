/** The media types that a client accepts (PS3.18 8.7.5), as far as they decide an answer here. */

export interface Accepted {
  readonly type: string
  /** Of `multipart/related`: the type of its parts. */
  readonly part: string | undefined
  /** `*` for any. */
  readonly transferSyntax: string | undefined
}

/** In the order of preference; nothing means everything. */
export function acceptedIn(header: string | undefined): readonly Accepted[] {
  const text = header === undefined || header.trim() === '' ? '*/*' : header
  return text
    .slice(0, 2_000)
    .split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((range) => {
      const [type = '', ...rest] = range.split(';').map((part) => part.trim())
      const parameter = (name: string) =>
        rest
          .find((one) => one.toLowerCase().startsWith(`${name}=`))
          ?.slice(name.length + 1)
          .replace(/^"(.*)"$/, '$1')
      return {
        type: type.toLowerCase(),
        part: parameter('type')?.toLowerCase(),
        transferSyntax: parameter('transfer-syntax'),
        q: Number(parameter('q') ?? 1),
      }
    })
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q)
}

export const acceptsJson = (accepted: readonly Accepted[]): boolean =>
  accepted.some(({ type }) =>
    ['*/*', 'application/*', 'application/json', 'application/dicom+json'].includes(type),
  )

const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'

/**
 * Whether parts of this type, in this transfer syntax, are acceptable. Where the client names no
 * syntax, frames as octets are explicit VR little endian (PS3.18 Table 8.7.3-5), while a whole file
 * is taken as it is stored, because it states its own syntax.
 */
export const acceptsParts = (
  accepted: readonly Accepted[],
  mediaType: string,
  transferSyntax: string,
): boolean =>
  accepted.some(({ type, part, transferSyntax: asked }) => {
    if (type === '*/*' || (type === 'multipart/related' && part === undefined)) return true
    const named = type === 'multipart/related' ? part : type
    if (named !== mediaType && named !== '*/*') return false
    if (asked === '*' || asked === transferSyntax) return true
    if (asked !== undefined) return false
    return mediaType !== 'application/octet-stream' || transferSyntax === EXPLICIT_LITTLE
  })
