/** What the tables of `ingest` share: a gateway, studies, and an upload by curl. */
import { execFile, spawn } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { freePort } from './_ingest-peers.mjs'

export const MAIN = 'dist/cli/main.js'
export const SLICES = 500
export const ROUNDS = 3
export const runFile = promisify(execFile)

export const node = async (...args) =>
  (await runFile(process.execPath, args, { maxBuffer: 1 << 28 })).stdout
export const perSecond = (count, started) => count / ((performance.now() - started) / 1_000)

export async function startGateway(site, { dimse, profile } = {}) {
  const options = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const args = [...options, MAIN, 'serve', '--site', site, '--port', '0']
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NOCTURNE_DIMSE_LISTEN: `127.0.0.1:${dimse ?? (await freePort())}` },
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('listening on ')) return { child, url: line.slice('listening on '.length) }
  }
  throw new Error('the gateway did not start')
}

export async function stop({ child }) {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await ended
}

/** Every study is another patient's: the same files again would be duplicates. */
export async function newStudy(dir, seed) {
  const study = join(dir, `study-${seed}`)
  await node('scripts/make-study.mjs', study, '--instances', String(SLICES), '--seed', String(seed))
  return { study, files: readdirSync(study).map((name) => join(study, name)) }
}

export async function curl(...args) {
  const { stdout } = await runFile('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...args])
  if (!/^20[0-2]$/.test(stdout)) throw new Error(`curl got ${stdout}`)
}

export function bearerOf(site) {
  const token = readFileSync(join(site, 'demo-tokens/facility-a.token'), 'utf8').trim()
  return ['-H', `Authorization: Bearer ${token}`]
}

/** One request with all files, as a form. */
export function formUpload(site, gateway, { study, files }) {
  const list = files.map((file) => `form = "files=@${file}"`)
  const config = `${study}.curl`
  writeFileSync(config, ['form = "group=nights"', ...list].join('\n'))
  return () => curl(...bearerOf(site), '-K', config, `${gateway.url}/v1/transfers`)
}

/** The multi-frame file is a secondary capture, which the shipped profile would hold for review. */
export function passPixels(site) {
  const shipped = readFileSync('config/profiles/pseudonymize.yaml', 'utf8')
  const own = shipped
    .replace('name: pseudonymize', 'name: treatment')
    .replace('pixels: blank', 'pixels: pass')
  writeFileSync(join(site, 'treatment.yaml'), own)
  edit(site, 'profile: pseudonymize', 'profile: treatment.yaml')
}

/** Changes the configuration of a site, which must contain `from`. */
export function edit(site, from, to) {
  const config = join(site, 'nocturne.yaml')
  const text = readFileSync(config, 'utf8')
  if (!text.includes(from)) throw new Error(`the demo site has no ${from}`)
  writeFileSync(config, text.replace(from, to))
}
