/**
 * Compiles src/ to dist/, bundles what browsers run, and copies the data files that the code reads
 * from its own folder. The new build replaces the old one as the last step, so that there is always
 * a complete build, even if this one fails or something is running meanwhile.
 */
import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Libraries mention modules of Node in branches that no browser takes. */
const withoutNode = {
  name: 'without Node modules',
  setup({ onResolve, onLoad }) {
    const filter = /^(?:fs|path|crypto|url|events)$/
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'absent' }))
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: 'module.exports = { EventEmitter: class {}, URL: globalThis.URL }',
    }))
  },
}

/** Files changed after this moment count as not built, even if the compiler read the change. */
const begun = new Date()
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const next = `dist.next-${process.pid}`
const old = `dist.old-${process.pid}`
const tsc = 'node_modules/typescript/bin/tsc'
try {
  execFileSync(process.execPath, [tsc, '-p', '.config/tsconfig.build.json', '--outDir', next], {
    stdio: 'inherit',
  })
  cpSync('src', next, { recursive: true, filter: (path) => !/\.(tsx?|md)$/.test(path) })
  await bundlePages()
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js'])
    cpSync(`node_modules/swagger-ui-dist/${file}`, `${next}/web/pages/${file}`)
  makeWhole('verify')
  await writeCommandList()
  chmodSync(`${next}/cli/main.js`, 0o755)
  writeFileSync(`${next}/.built`, '')
  utimesSync(`${next}/.built`, begun, begun)
  if (existsSync('dist')) renameSync('dist', old)
  renameSync(next, 'dist')
} catch (error) {
  process.exitCode = 1
  // The compiler prints its own errors; any other error must be thrown.
  if (!(error instanceof Error && 'status' in error)) throw error
} finally {
  rmSync(next, { recursive: true, force: true })
  rmSync(old, { recursive: true, force: true })
}

/** The list that `nocturne --help` shows, so that it need not load every command. */
async function writeCommandList() {
  const { listCommands } = await import(`../${next}/cli/program.js`)
  writeFileSync(`${next}/cli/commands.json`, JSON.stringify(await listCommands()))
}

/**
 * Each script directly in src/web/pages becomes one self-contained file; its own modules are in
 * folders there. The viewer's decoder is a worker of Cornerstone3D with WebAssembly of its own.
 */
async function bundlePages() {
  const pages = 'src/web/pages'
  const cornerstone = 'node_modules/@cornerstonejs'
  const common = {
    outdir: `${next}/web/pages`,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome111', 'firefox115', 'safari16.4'],
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: 'automatic',
    legalComments: 'eof',
    logLevel: 'warning',
    loader: { '.wasm': 'empty' },
    plugins: [withoutNode],
  }
  await build({
    ...common,
    // Loaded by the page when the first study is opened.
    external: ['*/viewer.js'],
    entryPoints: readdirSync(pages)
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => `${pages}/${name}`),
  })
  await build({
    ...common,
    entryPoints: [`${cornerstone}/dicom-image-loader/dist/esm/decodeImageFrameWorker.js`],
  })
  for (const file of [
    'codec-charls/dist/charlswasm_decode.wasm',
    'codec-openjpeg/dist/openjpegwasm_decode.wasm',
    'codec-libjpeg-turbo-8bit/dist/libjpegturbowasm_decode.wasm',
    'codec-openjph/dist/openjphjs.wasm',
  ])
    cpSync(`${cornerstone}/${file}`, `${next}/web/pages/wasm/${file.split('/').at(-1)}`)
}

/**
 * A page as one file, for people who open it from a disk without a server: style and script are
 * inlined, under a policy that allows these two by digest and nothing else.
 */
function makeWhole(name) {
  const at = (kind) => `${next}/web/pages/${name}.${kind}`
  const style = readFileSync(at('css'), 'utf8')
  const script = readFileSync(at('js'), 'utf8').replaceAll('</script', '<\\/script')
  const digest = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const policy = `default-src 'none'; script-src ${digest(script)}; style-src ${digest(style)}; base-uri 'none'; form-action 'none'`
  const page = readFileSync(at('html'), 'utf8')
    .replace(
      '<meta charset="utf-8" />',
      () =>
        `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    )
    .replace(`<link rel="stylesheet" href="${name}.css" />`, () => `<style>${style}</style>`)
    .replace(
      `<script type="module" src="${name}.js"></script>`,
      () => `<script type="module">${script}</script>`,
    )
  if (/(?:href|src)="/.test(page.replace(script, () => '')))
    throw new Error(`${name}.html still needs another file`)
  writeFileSync(at('html'), page)
  rmSync(at('css'))
  rmSync(at('js'))
}
