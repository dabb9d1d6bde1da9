/**
 * Jest reporter: a complete run must have recorded every event type of the catalogue that needs no
 * peer, on real sites. A partial run is not checked; a failed one lists what is missing, as the tests
 * that failed may have been the ones to record it.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default class ReportEvents {
  #folder = mkdtempSync(join(tmpdir(), 'nocturne-events-'))
  #error

  constructor() {
    // Inherited by the workers.
    process.env.NOCTURNE_TEST_EVENTS = join(this.#folder, 'types')
  }

  async onRunComplete(_contexts, { numTotalTestSuites, numFailedTests }) {
    const list = process.env.NOCTURNE_TEST_EVENTS
    const seen = new Set(existsSync(list) ? readFileSync(list, 'utf8').split('\n') : [])
    rmSync(this.#folder, { recursive: true })
    const files = readdirSync(import.meta.dirname, { recursive: true })
    const isWhole = numTotalTestSuites === files.filter((name) => name.endsWith('.test.ts')).length
    if (!isWhole) return
    const { EVENT_TYPES } = await import('../dist/ledger/log/index.js')
    const missing = Object.keys(EVENT_TYPES).filter((type) => !seen.has(type))
    if (missing.length === 0) return
    const message = `no test recorded ${missing.join(', ')}`
    if (numFailedTests > 0) console.log(message)
    else this.#error = new Error(message)
  }

  getLastError() {
    return this.#error
  }
}
