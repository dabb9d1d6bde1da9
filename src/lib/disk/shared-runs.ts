/**
 * Work that serves whoever asked before it began, such as an fsync: calls that arrive during a run
 * share the next one of the same name, because the running one may have started before what they
 * want it to cover.
 */
export function createSharedRuns(
  run: (name: string) => Promise<void>,
): (name: string) => Promise<void> {
  const running = new Map<string, Promise<void>>()
  const waiting = new Map<string, Promise<void>>()
  const start = (name: string): Promise<void> => {
    const own = run(name).finally(() => {
      if (running.get(name) === own) running.delete(name)
    })
    running.set(name, own)
    return own
  }
  return (name) => {
    const shared = waiting.get(name)
    if (shared) return shared
    const before = running.get(name)
    if (!before) return start(name)
    const next = before
      .catch(() => undefined)
      .then(() => {
        waiting.delete(name)
        return start(name)
      })
    waiting.set(name, next)
    return next
  }
}
