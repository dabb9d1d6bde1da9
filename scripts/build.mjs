/** Compiles src/ to dist/ and copies the data files that the code reads beside itself. */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
rmSync('dist', { recursive: true, force: true })
execFileSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', '.config/tsconfig.build.json'],
  {
    stdio: 'inherit',
  },
)
cpSync('src', 'dist', {
  recursive: true,
  filter: (path) => !/\.(ts|md)$/.test(path),
})
chmodSync('dist/cli/main.js', 0o755)
