/** What commands that serve until they are stopped have in common. */
import { setFlagsFromString } from 'node:v8'

/** After the start, when what waited for it has been answered. */
const SOON_MS = 1_000

/** The first instance should not wait for the word lists, nor the start itself. */
export function readWordsSoon(): void {
  const read = async (): Promise<void> => (await import('../../deidentify/index.js')).readWords()
  setTimeout(() => void read(), SOON_MS).unref()
}

/**
 * Everything on standard error is a line of the log, in JSON. Node prints warnings of the platform
 * and of packages as text, unless somebody else listens.
 */
export function logWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name }) => {
    void import('../../lib/logger.js').then(({ createLogger }) =>
      createLogger('info').warn('warning of the platform or a package', { code: name }),
    )
  })
}

/**
 * A gateway streams, so nearly everything it allocates becomes garbage at once; V8 responds by
 * growing the young generation to 48 MB, which it never frees. Kept at its initial size, it is
 * collected more often and just as cheaply. Must run before the rooms are loaded, since loading
 * them makes it grow.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * V8 counts buffers outside its heap as growth of the old generation, but nearly all of ours are
 * freed with the young one. Without this, it marks the whole heap for every 50 instances or so, in
 * threads that take the cores from sealing and fsync. The old generation itself barely grows, so
 * this costs no memory.
 */
export function collectOldGenerationRarely(): void {
  setFlagsFromString(`--heap-growing-percent=${OLD_GENERATION_GROWTH}`)
}

/** Percent of the heap that may be added before V8 marks all of it. */
const OLD_GENERATION_GROWTH = 100
