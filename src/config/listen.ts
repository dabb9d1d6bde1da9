import { isIP, isIPv4 } from 'node:net'
import { isThisMachine } from '../lib/peers.js'

export interface Listen {
  readonly host: string
  readonly port: number
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i

/**
 * `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`, parsed; or a string that says what is wrong.
 */
export function parseListen(text: string): Listen | string {
  const parts = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(text)
  if (parts === null) return 'is not HOST:PORT'
  const [, bracketed, plain = '', digits = ''] = parts
  const host = bracketed ?? plain
  if (!/^\d{1,5}$/.test(digits) || Number(digits) > 65_535)
    return 'has no port from 0 to 65535 after the colon'
  if (bracketed === undefined ? !isHost(host) : isIP(host) !== 6)
    return 'has no address or host name before the port'
  return { host, port: Number(digits) }
}

export { isThisMachine as isLoopback }

// Four numbers that are not an IPv4 address are a mistake, not a host name.
const isHost = (host: string) => (/^[\d.]+$/.test(host) ? isIPv4(host) : HOST_NAME.test(host))

/**
 * True for an origin as browsers write it (RFC 6454): scheme, host and port only; plain HTTP only
 * on loopback.
 */
export function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.origin !== text) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname))
}

/** True for an IP address, or a network as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128))
}
