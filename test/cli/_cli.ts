/**
 * Runs the real command in child processes. The sources are compiled by swc into a folder under
 * node_modules/.cache named after their digest, so that packages can be resolved and one build
 * serves every test file.
 */
import { transformFile } from '@swc/core'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listCommands } from '../../src/cli/program.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Returns the path of main.js, built if the sources have changed. */
export async function buildCli(): Promise<string> {
  const src = join(root, 'src')
  const names = (await readdir(src, { recursive: true })).sort()
  const files: { path: string; version: string }[] = []
  for (const name of names) {
    const info = await stat(join(src, name))
    if (info.isFile()) files.push({ path: name, version: `${info.size}:${info.mtimeMs}` })
  }
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  const cache = join(root, 'node_modules', '.cache', 'nocturne-cli')
  const built = join(cache, hash)
  const main = join(built, 'dist', 'cli', 'main.js')
  if (await isFile(main)) return main
  await mkdir(cache, { recursive: true })
  const temporary = await mkdtemp(join(cache, 'building-'))
  for (const { path } of files) await compile(join(src, path), join(temporary, 'dist', path))
  // As scripts/build.mjs does.
  const listed = JSON.stringify(await listCommands())
  await writeFile(join(temporary, 'dist', 'cli', 'commands.json'), listed)
  await copyFile(join(root, 'package.json'), join(temporary, 'package.json'))
  await symlink(join(root, 'config'), join(temporary, 'config'))
  // Another worker may have finished first: both builds are identical.
  await rename(temporary, built).catch(() => rm(temporary, { recursive: true, force: true }))
  return main
}

async function compile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  if (!from.endsWith('.ts')) {
    await copyFile(from, to)
    return
  }
  const { code } = await transformFile(from, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
    filename: relative(root, from),
  })
  await writeFile(to.replace(/\.ts$/, '.js'), code)
}

const isFile = (path: string) =>
  stat(path).then(
    (info) => info.isFile(),
    () => false,
  )

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts the command and returns while it runs. */
export function start(main: string, words: readonly string[], options: RunOptions = {}) {
  const child: ChildProcess = spawn(process.execPath, [main, ...words], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
  return { child, finished, seen: () => ({ stdout, stderr }) }
}

export const run = (main: string, words: readonly string[], options?: RunOptions) =>
  start(main, words, options).finished

/** A folder that `dispose` removes. */
export async function scratch(): Promise<{ path: string; dispose: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'nocturne-cli-'))
  return { path, dispose: () => rm(path, { recursive: true, force: true }) }
}
