/** Addresses of syslog servers. */
import { parseListen } from './listen.js'
import type { Listen } from './listen.js'

const SCHEME = 'syslog+tls://'
/** syslog-tls (RFC 5425 section 4.1). */
const DEFAULT_PORT = 6514

/**
 * `syslog+tls://HOST` or `syslog+tls://HOST:PORT`, parsed; or a string that says what is wrong.
 */
export function parseSinkUrl(text: string): Listen | string {
  if (!text.startsWith(SCHEME)) return `does not begin with ${SCHEME}`
  const place = text.slice(SCHEME.length).replace(/\/$/, '')
  const hasPort = /:\d*$/.test(place.replace(/^\[[^\]]*\]/, ''))
  const parsed = parseListen(hasPort ? place : `${place}:${DEFAULT_PORT}`)
  if (typeof parsed === 'string') return parsed
  return parsed.port === 0 ? 'names port 0' : parsed
}
