/**
 * 500 CT slices of 512 KB into a real gateway with a file store, by each door, compared in the same
 * run with Orthanc, with the disk alone (write and fsync), and with a plain loop that does what a
 * script would: dcmjs reads and writes each file, openpgp.js encrypts it, one fsync. A profile by
 * stage shows the next bottleneck. The same with more recipients, rules for pixels and eight uploads
 * at once, and how long `/healthz` takes meanwhile. One multi-frame file of 2 GB up and down, with
 * the memory used by gateway and client. Needs `npm run build`, and curl; storescu and Orthanc if installed.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAIN, ROUNDS, SLICES, bearerOf, curl, formUpload, newStudy } from './_ingest-gateway.mjs'
import { node, passPixels, perSecond, runFile, startGateway, stop } from './_ingest-gateway.mjs'
import { measureLoad, printLoad } from './_ingest-load.mjs'
import { freePort, startOrthanc, writeAndSync, writeStowBody } from './_ingest-peers.mjs'
import { median } from './_measure.mjs'
import { between, counted, monotonic, stagesOf } from './_stages.mjs'

const LOOP = 'dcmjs + openpgp.js, a loop'
/** The loop is slow but steady: part of the slices is enough to determine its rate. */
const PEER_SLICES = 100
const FRAMES_OF_2_GB = 4_096

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

/** The ways in, each called with a study of its own. */
function waysIn(dir, site, gateway, dimse, orthanc) {
  const bearer = bearerOf(site)
  const stow = async (url, files, ...more) => {
    const body = join(dir, 'stow')
    const type = writeStowBody(files, body)
    const args = ['-H', `Content-Type: ${type}`, '-H', 'Accept: application/dicom+json']
    return () => curl(...args, ...more, '-T', body, '-X', 'POST', url)
  }
  const storescu = (port, study) => () =>
    runFile(
      'storescu',
      ['-aet', 'FACILITY_A', '-aec', 'NOCTURNE', '+sd', '127.0.0.1', port, study],
      {
        env: { ...process.env, TCP_NODELAY: '1' },
      },
    )
  const send = ({ study }) => {
    const args = ['--token-file', join(site, 'demo-tokens/facility-a.token')]
    return () => node(MAIN, 'send', study, '--gateway', gateway.url, ...args)
  }
  const hasStorescu = existsSync('/usr/bin/storescu')
  return {
    'write and fsync alone':
      ({ files, study }) =>
      () =>
        writeAndSync(files, `${study}-written`),
    'curl, one request': (study) => formUpload(site, gateway, study),
    'nocturne send': send,
    'STOW-RS, one request': ({ files }) =>
      stow(`${gateway.url}/dicom-web/studies`, files, ...bearer),
    ...(orthanc && {
      'STOW-RS, Orthanc': ({ files }) => stow(orthanc.stow, files),
    }),
    ...(hasStorescu && {
      'C-STORE, one association': ({ study }) => storescu(String(dimse), study),
      ...(orthanc && {
        'C-STORE, Orthanc': ({ study }) => storescu(String(orthanc.dicom), study),
      }),
    }),
  }
}

async function measureSlices(dir, site) {
  const dimse = await freePort()
  const gateway = await startGateway(site, { dimse })
  const orthanc = await startOrthanc(join(dir, 'orthanc'))
  const rates = new Map()
  const note = (name, rate) => rates.set(name, [...(rates.get(name) ?? []), rate])
  const certificate = readFileSync(join(site, 'keys/reader-1.asc'), 'utf8')
  let seed = 1
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, way] of Object.entries(waysIn(dir, site, gateway, dimse, orthanc))) {
        const study = await newStudy(dir, seed++)
        const run = await way(study)
        const started = performance.now()
        await run()
        note(name, perSecond(SLICES, started))
        if (name === 'write and fsync alone')
          note(LOOP, await plainLoop(study.files.slice(0, PEER_SLICES), certificate, dir))
        for (const one of [study.study, `${study.study}-written`])
          rmSync(one, { recursive: true, force: true })
      }
    }
  } finally {
    orthanc?.child.kill()
    await stop(gateway)
  }
  return Object.fromEntries([...rates].map(([name, all]) => [name, median(all)]))
}

/** Where the gateway's time goes: by curl in one request, and by C-STORE on one association. */
async function profile(dir, site) {
  const profiles = {}
  let seed = 1_000
  for (const name of ['curl, one request', 'C-STORE, one association']) {
    const dimse = await freePort()
    const folder = join(dir, `profile-${seed}`)
    const gateway = await startGateway(site, { dimse, profile: folder })
    try {
      const way = waysIn(dir, site, gateway, dimse, undefined)[name]
      if (!way) continue
      const run = await way(await newStudy(dir, seed++))
      const before = counted(gateway.child.pid)
      const from = monotonic()
      await run()
      profiles[name] = { ...between(before, counted(gateway.child.pid)), from, until: monotonic() }
    } finally {
      await stop(gateway)
    }
    Object.assign(profiles[name], stagesOf(folder, profiles[name]))
  }
  return profiles
}

function printSlices(rates) {
  console.log(`${SLICES} CT slices of 512 KB, file store, a second (median of ${ROUNDS})`)
  const limit = rates['write and fsync alone']
  for (const [name, rate] of Object.entries(rates)) {
    const peer = name.includes(',') ? rates[name.replace(/,.*/, ', Orthanc')] : undefined
    const ratios = [`${(rate / limit).toFixed(2)} of the write limit`]
    if (peer && !name.endsWith('Orthanc')) ratios.push(`${(rate / peer).toFixed(1)} x Orthanc`)
    console.log(`  ${name.padEnd(26)} ${rate.toFixed(0).padStart(5)}   ${ratios.join(', ')}`)
  }
}

function printProfile(name, { main, others, read, written, wait, shares }) {
  const perSlice = (ms) => `${(ms / SLICES).toFixed(2)} ms`
  const mb = (bytes) => `${(bytes / 1e6 / SLICES).toFixed(2)} MB`
  console.log(`gateway, ${name}, per slice (while profiled)`)
  console.log(
    `  main thread ${perSlice(main)} of CPU, waits ${(wait * 100).toFixed(0)} % of the time`,
  )
  console.log(
    `  other threads ${perSlice(others)} of CPU; reads ${mb(read)}, writes ${mb(written)}`,
  )
  for (const { stage, share } of shares)
    console.log(`    ${stage.padEnd(26)} ${perSlice(main * share)} of the main thread`)
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

/** Medians of one run: slices per second, a profile, seconds, and MB of resident memory. */
export async function run({ json = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'nocturne-bench-'))
  const site = join(dir, 'site')
  try {
    await node(MAIN, 'init', site, '--demo')
    passPixels(site)
    // First, because it pulls everything that the reader has.
    const gateway = await startGateway(site)
    const large = await measureLarge(dir, site, gateway).finally(() => stop(gateway))
    const slices = await measureSlices(dir, site)
    const profiles = await profile(dir, site)
    const load = await measureLoad(dir, 2_000)
    if (json) console.log(JSON.stringify({ slices, load, profiles, large }))
    else {
      printSlices(slices)
      printLoad(load)
      for (const [name, one] of Object.entries(profiles)) printProfile(name, one)
      printLarge(large)
    }
    return { slices, load, profiles, large }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function printLarge({ upSeconds, downSeconds, peakMb: { gateway, send, pull } }) {
  const mb = (value) => (value === undefined ? 'not known here' : `${value.toFixed(0)} MB`)
  console.log('one multi-frame instance of 2 GB')
  console.log(`  up ${upSeconds.toFixed(1)} s, down ${downSeconds.toFixed(1)} s`)
  console.log(`  peak memory: gateway ${mb(gateway)}, send ${mb(send)}, pull ${mb(pull)}`)
}
