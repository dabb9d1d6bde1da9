#!/usr/bin/env node
/**
 * Makes two packages from the build in dist/: a complete one, and a client for the machines of
 * facilities and readers, which has no native module, no server and no database.
 *
 *   npm run pack [-- --out DIR] [--client]
 */
import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'packages') },
    client: { type: 'boolean', default: false },
  },
})
const out = resolve(values.out)
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Folders of commands, and single commands, that work with a gateway or on their own. */
const OF_CLIENT = [
  'facility/',
  'reader/',
  'sender/',
  'site/key.js',
  'site/sign-in.js',
  'site/sign-out.js',
]
const OF_SITE = ['audit/', 'officer/', 'site/', 'facility/facility.js']
/** Files that the client replaces by a substitute, `no-NAME.js` in the same folder. */
const REPLACED = ['cli/site/site.js', 'cli/commands/sender/send-sealed.js'].map((path) =>
  join(dist, path),
)
const substituteOf = (file) => join(dirname(file), `no-${basename(file)}`)
/** Native modules, and modules for servers. */
const FORBIDDEN = ['better-sqlite3', 'pg', 'express', 'multer', '@aws-sdk/client-s3']

if (!existsSync(join(dist, '.built'))) throw new Error('dist/ holds no build: run `npm run build`')
mkdirSync(out, { recursive: true })
if (!values.client) pack(root)
await packClient()

/** Runs `npm pack`, which reads `files` of the package.json in `folder`. */
function pack(folder) {
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', out]
  const [{ filename, size }] = JSON.parse(
    execFileSync('npm', words, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] }),
  )
  console.log(`${join(out, filename)}  ${(size / 2 ** 20).toFixed(1)} MB`)
}

async function packClient() {
  const stage = mkdtempSync(join(tmpdir(), 'nocturne-client-'))
  try {
    const { files, packages } = await reach()
    for (const file of files) {
      const from = REPLACED.includes(file) ? substituteOf(file) : file
      copy(from, join(stage, relative(root, file)))
    }
    const listed = JSON.parse(readFileSync(join(dist, 'cli/commands.json'), 'utf8'))
    const names = commands().map((file) => basename(file, '.js'))
    const kept = listed.filter(({ usage }) => names.includes(usage.split(' ')[0]))
    writeFileSync(join(stage, 'dist/cli/commands.json'), JSON.stringify(kept))
    copy(join(root, 'LICENSE'), join(stage, 'LICENSE'))
    copy(join(root, 'scripts/lib/client-readme.md'), join(stage, 'README.md'))
    const { version, license, type, engines, bin, dependencies } = manifest
    const needed = Object.entries(dependencies).filter(([name]) => packages.has(name))
    const ours = {
      name: 'nocturne-client',
      version,
      description: 'Sends studies to a Nocturne gateway, and fetches, opens and reports on them',
      ...{ license, type, engines, bin },
      dependencies: Object.fromEntries(needed),
    }
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(ours, null, 2)}\n`)
    pack(stage)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { recursive: true })
}

/** Files of the commands in the client, as loaded by program.js. */
function commands() {
  const text = readFileSync(join(dist, 'cli/program.js'), 'utf8')
  const all = [...text.matchAll(/import\('\.\/commands\/([^']+)'\)/g)].map(([, path]) => path)
  const isIn = (list, path) =>
    list.some((one) => path === one || (one.endsWith('/') && path.startsWith(one)))
  const unknown = all.filter((path) => !isIn(OF_CLIENT, path) && !isIn(OF_SITE, path))
  if (unknown.length > 0)
    throw new Error(`say in scripts/pack.mjs whether the client has ${unknown.join(', ')}`)
  return all
    .filter((path) => isIn(OF_CLIENT, path) && !OF_SITE.includes(path))
    .map((path) => join(dist, 'cli/commands', path))
}

/** Every file that these commands can load, including data and threads, and every package. */
async function reach() {
  const entries = new Set([join(dist, 'cli/main.js'), ...commands()])
  const files = new Set()
  const packages = new Set()
  for (let before = -1; before !== entries.size;) {
    before = entries.size
    for (const [file, { imports }] of Object.entries(await trace([...entries]))) {
      files.add(join(root, file))
      for (const { path, external } of imports) if (external) add(packages, path, file)
      for (const beside of besides(join(root, file)))
        (/\.js$/.test(beside) ? entries : files).add(beside)
    }
  }
  for (const file of REPLACED) {
    files.delete(substituteOf(file))
    files.add(file)
  }
  return { files, packages }
}

/**
 * The files that esbuild finds by following imports; of the program, only the client's commands.
 */
async function trace(entryPoints) {
  const { metafile } = await build({
    entryPoints,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
    outdir: 'unused',
    logLevel: 'error',
    plugins: [
      {
        name: 'client',
        setup: ({ onResolve }) => {
          onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
            const file = join(resolveDir, path)
            return REPLACED.includes(file) ? { path: substituteOf(file) } : undefined
          })
          onResolve({ filter: /^\.\/commands\// }, ({ path }) => ({ path, external: true }))
        },
      },
    ],
  })
  return metafile.inputs
}

function add(packages, path, file) {
  if (path.startsWith('node:') || path.startsWith('.') || path.startsWith('/')) return
  const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(path)
  if (FORBIDDEN.includes(name)) throw new Error(`${file} brings ${name} into the client`)
  packages.add(name)
}

/**
 * Files that a module reads from its own folder: `new URL('x', import.meta.url)`; with a variable
 * name, the whole folder.
 */
function besides(file) {
  const text = readFileSync(file, 'utf8')
  const named = /new URL\(([`'"])([^`'"$]*)[^`'"]*\1, import\.meta\.url\)/g
  return [...text.matchAll(named)]
    .map(([, , path]) => join(dirname(file), path))
    .filter((path) => ![join(root, 'package.json'), join(dist, 'cli/commands.json')].includes(path))
    .filter((path) => existsSync(path))
}
