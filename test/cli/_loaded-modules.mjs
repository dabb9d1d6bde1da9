/**
 * Preloaded with --import: writes the URL of every module that the process loads to the file at
 * NOCTURNE_TEST_MODULES, one per line, and at exit those loaded by CommonJS too.
 */
import { appendFileSync } from 'node:fs'
import { createRequire, register } from 'node:module'
import { pathToFileURL } from 'node:url'

const file = process.env.NOCTURNE_TEST_MODULES
register(
  `data:text/javascript,${encodeURIComponent(`
    import { appendFileSync } from 'node:fs'
    export async function load(url, context, next) {
      appendFileSync(${JSON.stringify(file)}, url + '\\n')
      return next(url, context)
    }`)}`,
)
process.on('exit', () => {
  const required = Object.keys(createRequire(import.meta.url).cache)
  appendFileSync(file, required.map((path) => `${pathToFileURL(path).href}\n`).join(''))
})
