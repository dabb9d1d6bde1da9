import { setFlagsFromString } from 'node:v8'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { portNumber } from '../../arguments.js'
import type { Output } from '../../output.js'
import type { Rooms } from '../../../gateway/rooms.js'

/** After the start, when what waited for it has been answered. */
const SOON_MS = 1_000

interface ServeOptions {
  readonly site: string
  readonly port?: number
  readonly json?: boolean
}

export const registerServe: Register = (parent, cli) => {
  define(parent, {
    usage: 'serve',
    summary: 'run the gateway of a site until SIGINT or SIGTERM',
    examples: ['nocturne serve --site /srv/nocturne --port 8080'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .option(
      '--port <n>',
      'listen on this port instead of the configured one; 0 for any free port',
      portNumber,
    )
    .action(async (options: ServeOptions) => {
      const output = cli.output(options)
      const { site: dir, port } = options
      cli.endsItself()
      keepYoungGenerationSmall()
      collectOldGenerationRarely()
      logWarnings()
      const [{ openSite }, { createGateway }] = await Promise.all([
        import('../../site/site.js'),
        import('../../../gateway.js'),
      ])
      const gateway = await createGateway(await openSite(dir), {
        ...(port !== undefined && { port }),
      })
      const stopped = new Promise<void>((resolve) => {
        if (cli.signal.aborted) resolve()
        else cli.signal.addEventListener('abort', () => resolve())
      })
      try {
        const ready = await Promise.race([gateway.start(), stopped])
        if (ready) {
          output.print(`listening on ${ready.url}`)
          await tellWaiting(ready.rooms, dir, output)
          output.json({ url: ready.url })
          readWordsSoon()
          await stopped
        } else exitSoon()
      } finally {
        await gateway.close()
      }
    })
}

/** The first instance should not wait for the word lists, nor the start itself. */
function readWordsSoon(): void {
  const read = async (): Promise<void> => (await import('../../../deidentify/index.js')).readWords()
  setTimeout(() => void read(), SOON_MS).unref()
}

/** Certificates that somebody must act on: until then, the gateway seals to the former ones. */
async function tellWaiting(
  { certificates }: Pick<Rooms, 'certificates'>,
  dir: string,
  output: Output,
): Promise<void> {
  for (const { principal, fingerprint } of await certificates.waiting())
    output.print(
      `the new certificate of ${principal} (${fingerprint.slice(0, 16)}…) is not in effect: compare its fingerprint with its owner, then run nocturne key confirm --site ${dir} --principal ${principal} --out FILE`,
    )
}

/**
 * Everything on standard error is a line of the log, in JSON. Node prints warnings of the platform
 * and of packages as text, unless somebody else listens.
 */
function logWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name }) => {
    void import('../../../lib/logger.js').then(({ createLogger }) =>
      createLogger('info').warn('warning of the platform or a package', { code: name }),
    )
  })
}

/** Nothing is open yet: an unresponsive store must not keep a stopped gateway alive. */
function exitSoon(): void {
  setTimeout(() => process.exit(), EXIT_AFTER_MS).unref()
}

const EXIT_AFTER_MS = 2_000

/**
 * A gateway streams, so nearly everything it allocates becomes garbage at once; V8 responds by
 * growing the young generation to 48 MB, which it never frees. Kept at its initial size, it is
 * collected more often and just as cheaply. Must run before the rooms are loaded, since loading
 * them makes it grow.
 */
function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * V8 counts buffers outside its heap as growth of the old generation, but nearly all of ours are
 * freed with the young one. Without this, it marks the whole heap for every 50 instances or so, in
 * threads that take the cores from sealing and fsync. The old generation itself barely grows, so
 * this costs no memory.
 */
function collectOldGenerationRarely(): void {
  setFlagsFromString(`--heap-growing-percent=${OLD_GENERATION_GROWTH}`)
}

/** Percent of the heap that may be added before V8 marks all of it. */
const OLD_GENERATION_GROWTH = 100
