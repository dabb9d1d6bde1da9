/**
 * Compiles src/ to dist/, bundles what browsers run, and copies the data files that the code reads beside itself. The new
 * build takes the old one's place at the end, so that a failed build, or one during a run, leaves a whole one.
 */
import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const next = `dist.next-${process.pid}`
const old = `dist.old-${process.pid}`
const tsc = 'node_modules/typescript/bin/tsc'
try {
  execFileSync(process.execPath, [tsc, '-p', '.config/tsconfig.build.json', '--outDir', next], {
    stdio: 'inherit',
  })
  cpSync('src', next, { recursive: true, filter: (path) => !/\.(ts|md)$/.test(path) })
  await bundlePages()
  chmodSync(`${next}/cli/main.js`, 0o755)
  if (existsSync('dist')) renameSync('dist', old)
  renameSync(next, 'dist')
} catch (error) {
  process.exitCode = 1
  // The compiler has said what is wrong; anything else has not.
  if (!(error instanceof Error && 'status' in error)) throw error
} finally {
  rmSync(next, { recursive: true, force: true })
  rmSync(old, { recursive: true, force: true })
}

/** Each script right in src/web/pages becomes one file that needs no other; its own modules lie in folders there. */
async function bundlePages() {
  const pages = 'src/web/pages'
  await build({
    entryPoints: readdirSync(pages)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${pages}/${name}`),
    outdir: `${next}/web/pages`,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome111', 'firefox115', 'safari16.4'],
    legalComments: 'eof',
    logLevel: 'warning',
  })
}
