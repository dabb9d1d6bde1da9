/**
 * HL7 v2 over MLLP (HL7 Transport Specification R2): VT, message, FS CR; answered with an
 * acknowledgement in the same framing.
 */
import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { NocturneError } from '../lib/errors.js'

export interface MllpTarget {
  readonly host: string
  readonly port: number
  /** May be omitted only for this machine. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

const START = 0x0b
const END = Buffer.from([0x1c, 0x0d])
const TIMEOUT_MS = 30_000
const MAX_ANSWER_BYTES = 1 << 20

/**
 * Resolves when the receiver has accepted the message (MSA-1 is AA or CA, for this control ID).
 *
 * @throws NocturneError `ris_unreachable`, `ris_refused`
 */
export async function sendMllp(message: string, target: MllpTarget): Promise<void> {
  const socket = open(target)
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')))
  let answer: string
  try {
    socket.write(Buffer.concat([Buffer.from([START]), Buffer.from(message), END]))
    answer = await answerOf(socket)
  } catch (cause) {
    throw new NocturneError('ris_unreachable', { cause })
  } finally {
    socket.destroy()
  }
  const control = message.split('\r')[0]?.split('|')[9]
  const [, verdict, about] =
    answer
      .split('\r')
      .find((one) => one.startsWith('MSA|'))
      ?.split('|') ?? []
  const isAccepted = verdict === 'AA' || verdict === 'CA'
  if (!isAccepted || about !== control) throw new NocturneError('ris_refused')
}

function open({ host, port, tls }: MllpTarget): Socket {
  if (!tls) return connectPlain({ host, port })
  return connectTls({ host, port, servername: host, minVersion: 'TLSv1.2', ...tls })
}

async function answerOf(socket: Socket): Promise<string> {
  let got = Buffer.alloc(0)
  for await (const chunk of socket) {
    got = Buffer.concat([got, chunk as Buffer])
    const end = got.indexOf(END)
    if (end >= 0) return got.subarray(got[0] === START ? 1 : 0, end).toString()
    if (got.length > MAX_ANSWER_BYTES) throw new Error('the answer is too long')
  }
  throw new Error('the connection ended before the answer')
}
