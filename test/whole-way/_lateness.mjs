/**
 * Loaded into a gateway by tests (`--import`): appends every 100 ms to the file named by
 * NOCTURNE_TEST_LATENESS a line per tick: the time, and how late the event loop was in ms, first
 * without and then with the time in which the system gave the thread no processor. The first tells
 * what the program did, however busy the machine is; without /proc both are the same.
 */
import { appendFileSync, readFileSync } from 'node:fs'

const TICK_MS = 5
const LINE_MS = 100
const file = process.env.NOCTURNE_TEST_LATENESS

/** Milliseconds for which this thread was ready to run but had to wait for a processor. */
function waitedForProcessor() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

if (file) {
  let last = performance.now()
  let lastWaited = waitedForProcessor()
  let lineAt = last
  let ticks = []
  setInterval(() => {
    const now = performance.now()
    const waited = waitedForProcessor()
    const late = Math.max(0, now - last - TICK_MS)
    ticks.push([Math.max(0, late - (waited - lastWaited)), late])
    last = now
    lastWaited = waited
    if (now - lineAt < LINE_MS) return
    lineAt = now
    const lines = ticks.map(([own, all]) => `${Date.now()} ${own.toFixed(1)} ${all.toFixed(1)}\n`)
    appendFileSync(file, lines.join(''))
    ticks = []
  }, TICK_MS).unref()
}
