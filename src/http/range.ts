/**
 * `Range` and `If-Range` (RFC 9110 section 14): a single byte range. A request for several ranges
 * gets the whole.
 */
import type { Request } from 'express'
import { NocturneError } from '../lib/errors.js'
import type { ByteRange } from '../store/index.js'

/** @throws NocturneError `range_not_satisfiable`, from the returned function. */
export function rangeOf(request: Request): (size: number, etag: string) => ByteRange | undefined {
  const { range } = request.headers
  const ifRange = request.headers['if-range']
  return (size, etag) => {
    if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined
    return parseRange(range, size)
  }
}

export function parseRange(range: string, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim()) ?? []
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  if (start > end) throw new NocturneError('range_not_satisfiable')
  return { start, end }
}
