/** Connects to each door of the gateway, as a client would, and reports what it found there. */
import { connect } from 'node:net'
import type { SiteConfig } from '../../config/index.js'
import type { SystemFacts } from '../facts.js'
import type { DoorFacts } from '../safeguards/index.js'
import { tlsOf } from './endpoint.js'

const TIMEOUT_MS = 3_000

/**
 * @param url where the gateway answers HTTP
 * @param endpoint what probing that showed
 */
export async function doorFacts(
  { gateway, doors }: Pick<SiteConfig, 'gateway' | 'doors'>,
  url: string,
  endpoint: SystemFacts['endpoint'],
): Promise<readonly DoorFacts[]> {
  const http = endpoint ? (endpoint.isTls ? tlsText(endpoint) : 'plain') : 'no answer'
  const wants = gateway.tls ? 'TLS' : 'plain'
  const names = ['form', ...(doors.stow ? ['stow'] : [])]
  const { dimse } = doors
  return [
    ...names.map((door): DoorFacts => ({ door, address: url, wants, found: http })),
    ...(dimse
      ? [
          {
            ...{ door: 'dimse', address: `${dimse.host}:${dimse.port}` },
            wants: dimse.tls ? ('TLS' as const) : ('plain' as const),
            found: await foundAt(dimse.host, dimse.port, dimse.tls !== undefined),
          },
        ]
      : []),
  ]
}

const tlsText = ({
  protocol = 'TLS',
  cipher = '',
  takesOldTls,
}: Pick<NonNullable<SystemFacts['endpoint']>, 'protocol' | 'cipher' | 'takesOldTls'>): string =>
  `${protocol}, ${cipher}${takesOldTls ? ', AND TLS 1.1' : ''}`

/** A wildcard address is reached on this machine. */
async function foundAt(listening: string, port: number, isTls: boolean): Promise<string> {
  const host = listening === '0.0.0.0' || listening === '::' ? 'localhost' : listening
  try {
    if (!isTls) return await plainAt(host, port)
    return tlsText(await tlsOf({ host, port }))
  } catch {
    return 'no answer'
  }
}

function plainAt(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')))
    socket.once('error', reject)
    socket.once('connect', () => {
      resolve('plain')
      socket.destroy()
    })
  })
}
