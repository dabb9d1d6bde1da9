/**
 * Jest reporter: lists every skipped test with the reason from its title, so that a run never hides
 * what it left out, and prints one plain closing line that tools can parse.
 */
export default class ReportSkips {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap((file) =>
      file.testResults.filter((one) => one.status === 'pending').map((one) => one.fullName),
    )
    for (const name of skipped) console.log(`skipped: ${name}`)
    const { numPassedTests: passed, numFailedTests: failed } = results
    console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  }
}
