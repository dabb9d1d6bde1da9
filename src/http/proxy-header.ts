/** The header of the PROXY protocol, versions 1 and 2 (HAProxy, doc/proxy-protocol.txt). */
import { isIP } from 'node:net'
import type { Socket } from 'node:net'

export type ProxyHeader = { readonly address: string | undefined } | 'invalid'

interface Parsed {
  readonly header: ProxyHeader
  /** Octets that it takes. */
  readonly length: number
}

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
/** Section 2.1: the longest line of version 1, with its end. */
const LONGEST_LINE = 107
/** Of version 2 with its TLVs; proxies send some hundred octets. */
const LONGEST_HEADER = 4_096

/**
 * Takes the header off the socket and leaves the rest in it. Calls back once, or never when the
 * socket ends first.
 */
export function readProxyHeader(socket: Socket, found: (header: ProxyHeader) => void): void {
  let seen = Buffer.alloc(0)
  const read = (): void => {
    for (let chunk = take(); chunk; chunk = take()) {
      seen = Buffer.concat([seen, chunk])
      const parsed = parseProxyHeader(seen)
      if (!parsed) continue
      socket.off('readable', read)
      const rest = seen.subarray(parsed.length)
      if (rest.length > 0) socket.unshift(rest)
      found(parsed.header)
      return
    }
  }
  const take = (): Buffer | null => socket.read() as Buffer | null
  socket.on('readable', read)
}

/** Undefined while octets are missing. */
export function parseProxyHeader(bytes: Buffer): Parsed | undefined {
  const most = Math.min(bytes.length, SIGNATURE.length)
  if (bytes.subarray(0, most).equals(SIGNATURE.subarray(0, most)))
    return bytes.length < 16 ? undefined : parseBinary(bytes)
  return parseLine(bytes)
}

const invalid = (length: number): Parsed => ({ header: 'invalid', length })

function parseLine(bytes: Buffer): Parsed | undefined {
  const end = bytes.subarray(0, LONGEST_LINE).indexOf('\r\n')
  const start = bytes.subarray(0, Math.min(bytes.length, 6)).toString('latin1')
  if (!'PROXY '.startsWith(start)) return invalid(0)
  if (end < 0) return bytes.length < LONGEST_LINE ? undefined : invalid(0)
  const length = end + 2
  const [, family, source = ''] = bytes.subarray(0, end).toString('latin1').split(' ')
  if (family === 'UNKNOWN') return { header: { address: undefined }, length }
  const isRight =
    (family === 'TCP4' && isIP(source) === 4) || (family === 'TCP6' && isIP(source) === 6)
  return isRight ? { header: { address: source }, length } : invalid(length)
}

/** Section 2.2: version and command, family, length, addresses. */
function parseBinary(bytes: Buffer): Parsed | undefined {
  const [command, family] = [bytes.readUInt8(12), bytes.readUInt8(13)]
  const length = 16 + bytes.readUInt16BE(14)
  if (command >> 4 !== 2 || length > LONGEST_HEADER) return invalid(0)
  if (bytes.length < length) return undefined
  // LOCAL: the proxy itself asks whether we are alive.
  if ((command & 0xf) === 0) return { header: { address: undefined }, length }
  if ((command & 0xf) !== 1) return invalid(length)
  const addresses = bytes.subarray(16, length)
  if (family >> 4 === 1 && addresses.length >= 12)
    return { header: { address: [...addresses.subarray(0, 4)].join('.') }, length }
  if (family >> 4 === 2 && addresses.length >= 36) {
    const groups = Array.from({ length: 8 }, (_, i) => addresses.readUInt16BE(2 * i).toString(16))
    return { header: { address: groups.join(':') }, length }
  }
  return { header: { address: undefined }, length }
}
