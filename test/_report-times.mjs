/**
 * Jest reporter: minutes per folder of a run of several folders, and a warning when the whole run
 * takes longer than its budget, so that a suite that grows is noticed.
 */
const BUDGET_MINUTES = Number(process.env.NOCTURNE_TEST_BUDGET_MINUTES ?? 35)
const MINUTE_MS = 60_000

export default class ReportTimes {
  onRunComplete(_contexts, results) {
    const minutes = new Map()
    for (const { testFilePath, perfStats } of results.testResults) {
      const folder = /[/]test[/]([^/]+)[/]/.exec(testFilePath)?.[1] ?? '.'
      minutes.set(folder, (minutes.get(folder) ?? 0) + perfStats.runtime / MINUTE_MS)
    }
    if (minutes.size < 2) return
    const sorted = [...minutes].sort(([, a], [, b]) => b - a)
    console.log('minutes per folder, of all workers:')
    for (const [folder, spent] of sorted) console.log(`  ${spent.toFixed(1).padStart(6)} ${folder}`)
    const whole = (Date.now() - results.startTime) / MINUTE_MS
    if (whole > BUDGET_MINUTES)
      console.log(`warning: ${whole.toFixed(0)} minutes, over the budget of ${BUDGET_MINUTES}`)
  }
}
