/**
 * Sending 500 CT slices of 512 KB through a real gateway with a file store, client included,
 * compared with a plain loop that does what a script would: dcmjs reads and writes each file,
 * openpgp.js encrypts it, one fsync. Then one multi-frame file of 2 GB up and down, with the memory
 * used by gateway and client. Needs `npm run build`.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { median } from './_measure.mjs'

const MAIN = 'dist/cli/main.js'
const SLICES = 500
const ROUNDS = 5
/** The loop is slow but steady: part of the slices is enough to determine its rate. */
const PEER_SLICES = 100
const FRAMES_OF_2_GB = 4_096
const runFile = promisify(execFile)

const node = async (...args) =>
  (await runFile(process.execPath, args, { maxBuffer: 1 << 28 })).stdout
const perSecond = (count, started) => count / ((performance.now() - started) / 1_000)

async function startGateway(site) {
  const child = spawn(process.execPath, [MAIN, 'serve', '--site', site, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('listening on ')) return { child, url: line.slice('listening on '.length) }
  }
  throw new Error('the gateway did not start')
}

/** Highest resident memory of a process so far, in MB; available only on Linux. */
function peakOf(pid) {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    // A process that has exited but was not waited for has a status without it.
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
  } catch {
    return undefined
  }
}

/** Runs the command and returns its highest observed memory, in MB. */
async function peakOfCommand(...args) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  let peak
  const timer = setInterval(() => (peak = peakOf(child.pid) ?? peak), 50)
  const status = await new Promise((resolve) => child.once('exit', resolve))
  clearInterval(timer)
  if (status !== 0) throw new Error(`nocturne ${args[0]} ended with status ${status}`)
  return peak
}

/** What a script would do: read, write, encrypt and sync, one file after another. */
async function plainLoop(files, certificate, out) {
  const { default: dcmjs } = await import('dcmjs')
  const openpgp = await import('openpgp')
  const encryptionKeys = await openpgp.readKey({ armoredKey: certificate })
  dcmjs.log.setLevel('silent')
  const started = performance.now()
  for (const [i, file] of files.entries()) {
    const bytes = readFileSync(file)
    const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
    const dicom = dcmjs.data.DicomMessage.readFile(content)
    const message = await openpgp.createMessage({ binary: new Uint8Array(dicom.write()) })
    const sealed = await openpgp.encrypt({ message, encryptionKeys, format: 'binary' })
    const handle = await open(join(out, `${i}.pgp`), 'w')
    await handle.writeFile(sealed)
    await handle.sync()
    await handle.close()
  }
  return perSecond(files.length, started)
}

async function measureSlices(dir, site, gateway) {
  const study = join(dir, 'study')
  await node('scripts/make-study.mjs', study, '--instances', String(SLICES))
  const files = readdirSync(study, { recursive: true })
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => join(study, name))
  const certificate = readFileSync(join(site, 'keys/reader-1.asc'), 'utf8')
  const ours = []
  const plain = []
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    await node(
      MAIN,
      'send',
      study,
      '--gateway',
      gateway.url,
      '--token-file',
      join(site, 'demo-tokens/facility-a.token'),
    )
    ours.push(perSecond(SLICES, started))
    plain.push(await plainLoop(files.slice(0, PEER_SLICES), certificate, dir))
  }
  return { ours: median(ours), plain: median(plain), ratio: median(ours) / median(plain) }
}

/** The multi-frame file is a secondary capture, which the shipped profile would hold for review. */
function passPixels(site) {
  const shipped = readFileSync('config/profiles/pseudonymize.yaml', 'utf8')
  const own = shipped
    .replace('name: pseudonymize', 'name: treatment')
    .replace('pixels: blank', 'pixels: pass')
  writeFileSync(join(site, 'treatment.yaml'), own)
  const config = join(site, 'nocturne.yaml')
  const text = readFileSync(config, 'utf8')
  writeFileSync(config, text.replace('profile: pseudonymize', 'profile: treatment.yaml'))
}

async function measureLarge(dir, site, gateway) {
  const study = join(dir, 'large')
  await node('scripts/make-study.mjs', study, '--frames', String(FRAMES_OF_2_GB))
  const live = (who) => [
    '--gateway',
    gateway.url,
    '--token-file',
    join(site, `demo-tokens/${who}.token`),
  ]
  const up = performance.now()
  const send = await peakOfCommand('send', study, ...live('facility-a'))
  const upSeconds = (performance.now() - up) / 1_000
  const down = performance.now()
  const pull = await peakOfCommand(
    ...['pull', '--all', ...live('reader-1')],
    ...['--key', join(site, 'demo-keys/reader-1.asc'), '--out', join(dir, 'opened')],
  )
  const downSeconds = (performance.now() - down) / 1_000
  return { upSeconds, downSeconds, peakMb: { gateway: peakOf(gateway.child.pid), send, pull } }
}

/** Medians of one run: slices per second, seconds, and MB of resident memory. */
export async function run({ json = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'nocturne-bench-'))
  const site = join(dir, 'site')
  const gateways = []
  const fresh = async () => {
    const gateway = await startGateway(site)
    gateways.push(gateway)
    return gateway
  }
  try {
    await node(MAIN, 'init', site, '--demo')
    passPixels(site)
    let gateway = await fresh()
    const large = await measureLarge(dir, site, gateway)
    gateway.child.kill()
    await new Promise((resolve) => gateway.child.once('exit', resolve))
    gateway = await fresh()
    const slices = await measureSlices(dir, site, gateway)
    if (json) console.log(JSON.stringify({ slices, large }))
    else {
      const mb = (value) => (value === undefined ? 'not known here' : `${value.toFixed(0)} MB`)
      console.log(
        `${SLICES} CT slices of 512 KB, file store, client included (median of ${ROUNDS})`,
      )
      console.log(`  nocturne send          ${slices.ours.toFixed(0)} a second`)
      console.log(`  dcmjs + openpgp.js     ${slices.plain.toFixed(0)} a second`)
      console.log(`  ratio                  ${slices.ratio.toFixed(1)}`)
      console.log('one multi-frame instance of 2 GB')
      console.log(`  up ${large.upSeconds.toFixed(1)} s, down ${large.downSeconds.toFixed(1)} s`)
      const { gateway: atGateway, send, pull } = large.peakMb
      console.log(`  peak memory: gateway ${mb(atGateway)}, send ${mb(send)}, pull ${mb(pull)}`)
    }
    return { slices, large }
  } finally {
    for (const { child } of gateways) child.kill()
    rmSync(dir, { recursive: true, force: true })
  }
}
