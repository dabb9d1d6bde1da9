/** The page's side of the worker that holds the private key. */
import type { KeyAnswer, KeyCall, KeyRequest, KeyResults } from './messages.js'

/** `code` is one of the catalogue. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

interface Waiting {
  readonly resolve: (result: KeyResults[keyof KeyResults]) => void
  readonly reject: (error: KeyError) => void
}

export class KeyWorker {
  readonly #worker = new Worker('/key-worker.js', { type: 'module' })
  readonly #waiting = new Map<number, Waiting>()
  #last = 0

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<KeyAnswer>) => {
      const waiting = this.#waiting.get(data.id)
      this.#waiting.delete(data.id)
      if ('failed' in data) waiting?.reject(new KeyError(data.failed))
      else waiting?.resolve(data.result)
    }
    this.#worker.onerror = () => this.lock()
  }

  /**
   * @param moved buffers of the request that the worker takes over; the page cannot use them
   *   afterwards
   * @throws KeyError
   */
  ask<R extends KeyRequest>(
    request: R,
    moved: readonly ArrayBuffer[] = [],
  ): Promise<KeyResults[R['do']]> {
    this.#last += 1
    const call: KeyCall = { id: this.#last, request }
    return new Promise<KeyResults[R['do']]>((resolve, reject) => {
      // The worker answers each call with the result of its request.
      const answer = resolve as Waiting['resolve']
      this.#waiting.set(call.id, { resolve: answer, reject })
      this.#worker.postMessage(call, [...moved])
    })
  }

  /** Ends the worker: the key and everything it has opened are gone. */
  lock(): void {
    this.#worker.terminate()
    for (const { reject } of this.#waiting.values()) reject(new KeyError('key_locked'))
    this.#waiting.clear()
  }
}
