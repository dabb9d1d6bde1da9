/**
 * Live updates: one stream per browser, read by `fetch` because EventSource sends no Authorization
 * header, and shared by the tabs of one person. Where no event comes through, as behind a proxy
 * that buffers, the pages poll.
 */
import { BEAT_MS, EventReader, TOPICS } from '../../../protocol/updates/stream.js'
import type { StreamEvent, Topic } from '../../../protocol/updates/stream.js'

/**
 * `live`: changes are told at once. `polling`: no event comes through. `lost`: the gateway cannot
 * be reached.
 */
export type Line = 'starting' | 'live' | 'polling' | 'lost'

export interface UpdateListeners {
  readonly changed: (topics: readonly Topic[]) => void
  readonly line: (line: Line) => void
  /** The session is over: it expired, or was revoked. */
  readonly ended: () => void
}

/** The first event is sent at once; without it, something in between keeps it back. */
const FIRST_MS = 6_000
const SILENT_MS = 2.5 * BEAT_MS
const RETRY_MS = [1_000, 2_000, 5_000, 10_000]
/** A line that buffers may be replaced by one that does not. */
const RETRY_BUFFERED_MS = 60_000

type Told =
  { readonly topics: readonly Topic[] } | { readonly line: Line } | { readonly ask: 'line' }

/**
 * The tab that holds the lock has the stream; when it goes, the next one takes over and catches up.
 *
 * @param headers with the token of this tab
 * @returns a function that ends it
 */
export function followUpdates(
  who: string,
  headers: () => Record<string, string>,
  listeners: UpdateListeners,
): () => void {
  const name = `nocturne updates of ${who}`
  const channel = new BroadcastChannel(name)
  const ending = new AbortController()
  let line: Line = 'starting'
  const hear = (told: Told): void => {
    if ('topics' in told) listeners.changed(told.topics)
    if ('line' in told && told.line !== line) {
      line = told.line
      listeners.line(line)
    }
  }
  const tell = (told: Told): void => {
    hear(told)
    channel.postMessage(told)
  }
  let isLeading = false
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if ('ask' in data) {
      if (isLeading) channel.postMessage({ line })
    } else hear(data)
  }
  channel.postMessage({ ask: 'line' } satisfies Told)
  const lead = async (): Promise<void> => {
    isLeading = true
    // What came while another tab had the stream, or while none had it, is not known here.
    if (line !== 'starting') tell({ topics: TOPICS })
    await keepStream({ headers, signal: ending.signal, tell, ended: listeners.ended })
  }
  navigator.locks.request(name, { signal: ending.signal }, lead).catch(() => undefined)
  return () => {
    ending.abort()
    channel.close()
  }
}

interface Stream {
  readonly headers: () => Record<string, string>
  readonly signal: AbortSignal
  readonly tell: (told: Told) => void
  readonly ended: () => void
}

async function keepStream({ headers, signal, tell, ended }: Stream): Promise<void> {
  let cursor: string | undefined
  const isOver = () => signal.aborted
  for (let failures = 0; !isOver();) {
    const found = await readStream({ headers, signal, cursor }, (event) => {
      if (event.kind === 'beat') return
      if (event.kind === 'end') return
      failures = 0
      cursor = event.at
      tell({ line: 'live' })
      if (event.topics.length > 0) tell({ topics: event.topics })
    })
    if (isOver()) return
    if (found === 'session') {
      ended()
      return
    }
    // A stream that ended in order is opened again at once.
    if (found === 'over' && failures === 0) {
      failures = 1
      continue
    }
    tell({ line: found === 'buffered' ? 'polling' : 'lost' })
    const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? RETRY_BUFFERED_MS
    failures += 1
    await waited(found === 'buffered' ? RETRY_BUFFERED_MS : pause, signal)
  }
}

/** Why a stream is over. */
type Over = 'session' | 'over' | 'lost' | 'buffered'

async function readStream(
  { headers, signal, cursor }: Pick<Stream, 'headers' | 'signal'> & { cursor: string | undefined },
  onEvent: (event: StreamEvent) => void,
): Promise<Over> {
  const silence = new AbortController()
  let hasBegun = false
  let isHeard = false
  let timer = setTimeout(() => silence.abort(), FIRST_MS)
  try {
    const response = await fetch(`/v1/updates${cursor === undefined ? '' : `?from=${cursor}`}`, {
      headers: headers(),
      signal: AbortSignal.any([signal, silence.signal]),
      cache: 'no-store',
      redirect: 'error',
    })
    if (response.status === 401) return 'session'
    // Too many streams, or a gateway of an earlier version: asking still works.
    if (response.status === 429 || response.status === 404) return 'buffered'
    if (!response.ok || !response.body) return 'lost'
    hasBegun = true
    const reader = new EventReader()
    const decoder = new TextDecoder()
    for await (const chunk of response.body) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENT_MS)
      for (const event of reader.read(decoder.decode(chunk, { stream: true }))) {
        isHeard = true
        if (event.kind === 'end') return event.why === 'session' ? 'session' : 'lost'
        onEvent(event)
      }
    }
    return isHeard ? 'over' : 'buffered'
  } catch {
    return silence.signal.aborted && hasBegun && !isHeard ? 'buffered' : 'lost'
  } finally {
    clearTimeout(timer)
    // Ends the request when it was left before its end.
    silence.abort()
  }
}

const waited = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
