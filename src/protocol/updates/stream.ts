/**
 * What `/v1/updates` sends: server-sent events (WHATWG HTML, section 9.2) that say which lists have
 * changed, never what is in them.
 */
import * as z from 'zod/mini'

export const TOPICS = ['cases', 'reports', 'critical', 'duty', 'site'] as const
export type Topic = (typeof TOPICS)[number]

/** A client that has heard nothing for twice this time has lost the line. */
export const BEAT_MS = 10_000

export const updatesQuery = z.strictObject({
  from: z.optional(z.string().check(z.regex(/^\d{1,15}$/))),
})

/** The data of an event `change`. */
const change = z.looseObject({ topics: z.array(z.string()).check(z.maxLength(100)) })

export type StreamEvent =
  | { readonly kind: 'hello' | 'change'; readonly at: string; readonly topics: readonly Topic[] }
  | { readonly kind: 'beat' }
  /** The session has ended, or the gateway stops. */
  | { readonly kind: 'end'; readonly why: 'session' | 'stop' }

export function writeEvent(event: StreamEvent): string {
  switch (event.kind) {
    case 'beat':
      return 'event: beat\ndata: {}\n\n'
    case 'end':
      return `event: end\ndata: {"why":"${event.why}"}\n\n`
    case 'hello':
    case 'change':
      return `event: ${event.kind}\nid: ${event.at}\ndata: ${JSON.stringify({ topics: event.topics })}\n\n`
  }
}

/** More than any event has: a stream that is not ours must not fill the memory of a page. */
const MAX_PENDING = 4_096

/** Takes a stream apart. Events that this version does not know count as beats. */
export class EventReader {
  #pending = ''

  /** @throws RangeError for text that is no such stream */
  read(text: string): readonly StreamEvent[] {
    const blocks = `${this.#pending}${text}`.split('\n\n')
    this.#pending = blocks.pop() ?? ''
    if (this.#pending.length > MAX_PENDING) throw new RangeError('not a stream of updates')
    return blocks.map(eventIn)
  }
}

function eventIn(block: string): StreamEvent {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(': ')
      return [line.slice(0, Math.max(0, colon)), line.slice(colon + 2)]
    }),
  )
  const kind = fields.get('event')
  const data = fields.get('data') ?? ''
  if (kind === 'end') return { kind, why: data.includes('session') ? 'session' : 'stop' }
  if (kind !== 'hello' && kind !== 'change') return { kind: 'beat' }
  const { topics = [] } = change.safeParse(parsed(data)).data ?? {}
  return { kind, at: fields.get('id') ?? '0', topics: TOPICS.filter((one) => topics.includes(one)) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
