/** What is wrong around a site: the machine's clock, and places that hold no files. */
import { buildStore } from './build.js'
import { resolveDatabase } from './yaml/database.js'
import type { SiteProblem } from './site-config.js'
import type { SiteDraft } from './yaml/draft.js'

/** An instant before this code was written: such a clock makes expired certificates look valid. */
const EARLIEST = Date.UTC(2025, 0, 1)

export const clockProblems = (now: Date): SiteProblem[] =>
  now.getTime() >= EARLIEST
    ? []
    : [
        {
          path: 'clock',
          problem: `shows ${now.toISOString()}, which cannot be right`,
          hint: 'set the clock of this machine, and keep it set with NTP',
        },
      ]

/** File systems of the kernel: what is written there is lost, or cannot be written at all. */
const KERNELS = /^\/(?:proc|sys|dev)(?:\/|$)/

export function placeProblems(dir: string, { store, database }: SiteDraft): SiteProblem[] {
  const files = store?.kind === 'files' ? buildStore(dir, store, undefined) : undefined
  const places = [
    { path: 'store.path', place: files?.kind === 'files' ? files.path : '' },
    { path: 'database', place: database ? resolveDatabase(database.url, dir).slice(SQLITE) : '' },
  ]
  return places
    .filter(({ place }) => KERNELS.test(place))
    .map(({ path, place }) => ({
      path,
      problem: `${place} is not on a disk`,
      hint: 'choose a folder on a disk, such as one in the folder of the site',
    }))
}

const SQLITE = 'sqlite:'.length
