/** Lets what is pushed on one side be read on the other, one piece at a time. */
export interface Passage<T> {
  /** Resolves when the piece was taken and the next is asked for, or nobody reads any more. */
  push(piece: T): Promise<void>
  end(): void
  /** By the reader: what is pushed from now on is dropped. */
  close(): void
  readonly out: AsyncIterable<T>
}

export function passage<T>(): Passage<T> {
  let [isClosed, isEnded] = [false, false]
  let next: { readonly piece: T } | undefined
  /** The side that waits. */
  let [pushing, reading]: ((() => void) | undefined)[] = []
  const wakePushing = () => {
    pushing?.()
    pushing = undefined
  }
  const wakeReading = () => {
    reading?.()
    reading = undefined
  }
  const close = () => {
    isClosed = true
    next = undefined
    wakePushing()
  }
  async function* out(): AsyncGenerator<T> {
    try {
      for (;;) {
        if (next) {
          const { piece } = next
          next = undefined
          yield piece
        } else if (isEnded) return
        else {
          wakePushing()
          await new Promise<void>((resolve) => (reading = resolve))
        }
      }
    } finally {
      close()
    }
  }
  return {
    push: async (piece) => {
      if (isClosed) return
      next = { piece }
      const taken = new Promise<void>((resolve) => (pushing = resolve))
      wakeReading()
      await taken
    },
    end: () => {
      isEnded = true
      wakeReading()
    },
    close,
    out: out(),
  }
}
