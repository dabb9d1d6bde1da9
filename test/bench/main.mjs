/**
 * npm run bench -- deidentify|detector|seal|ingest|ledger [--json]: compares with the named programs in the
 * same run, and prints medians and ratios.
 */
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const names = readdirSync('test/bench')
  .filter((name) => name.endsWith('.mjs') && name !== 'main.mjs' && !name.startsWith('_'))
  .map((name) => name.slice(0, -'.mjs'.length))
const [name, ...rest] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  console.error(`bench: error: name one of ${names.join(', ')}`)
  process.exit(2)
}
if (!existsSync('dist/cli/main.js')) {
  console.error('bench: error: there is no build\nbench: hint: npm run build')
  process.exit(1)
}
const { run } = await import(`./${name}.mjs`)
await run({ json: rest.includes('--json') })
