/** Paths of c2sp.org/tlog-tiles: `checkpoint`, `tile/0/x001/234.p/17`. */
const PATH = /^[a-z0-9]+(\/[a-z0-9]+(\.p)?)*$/

/** The largest file the format allows: a bundle of 256 entries of 64 KiB each. */
export const MAX_LOG_FILE = 17 * 1024 * 1024

/**
 * @throws TypeError for a path that our own code should never make
 */
export function requireLogPath(path: string): void {
  if (path.length > 200 || !PATH.test(path)) throw new TypeError('not a path of a log')
}
