/**
 * What must not slow an upload: more recipients, rules for pixels, other uploads at the same time.
 * Meanwhile `/healthz` is asked every few milliseconds, as monitoring would.
 */
import { copyFileSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MAIN, ROUNDS, SLICES, edit, formUpload, newStudy } from './_ingest-gateway.mjs'
import { node, passPixels, perSecond, startGateway, stop } from './_ingest-gateway.mjs'
import { median } from './_measure.mjs'

const AT_ONCE = 8
const FURTHER_READERS = ['reader-2', 'reader-3', 'reader-4']
const ASK_MS = 5

/** Sites by the name of their row. */
const SITES = {
  'two recipients': passPixels,
  'five recipients': (site) => (passPixels(site), addReaders(site)),
  'pixels: blank': () => undefined,
}

/** Every reader with a key of its own. */
async function addReaders(site) {
  for (const id of FURTHER_READERS) {
    const key = join(site, 'demo-keys', id)
    await node(MAIN, 'key', 'new', '--name', id, '--out', `${key}.asc`)
    copyFileSync(`${key}.pub.asc`, join(site, 'keys', `${id}.asc`))
  }
  edit(site, 'readers: [reader-1]', `readers: [reader-1, ${FURTHER_READERS.join(', ')}]`)
  const people = FURTHER_READERS.map(
    (id) => `  - { id: ${id}, role: reader, certificate: keys/${id}.asc }\n`,
  )
  edit(site, 'people:\n', `people:\n${people.join('')}`)
}

/** How long `/healthz` takes, in ms, while the work runs. */
async function whileAsked({ url }, work) {
  const times = []
  let isOver = false
  const asking = (async () => {
    while (!isOver) {
      const started = performance.now()
      await new Promise((resolve, reject) => {
        const request = get(`${url}/healthz`, (response) => response.resume().once('end', resolve))
        request.once('error', reject)
      })
      times.push(performance.now() - started)
      await delay(ASK_MS)
    }
  })()
  const result = await work().finally(() => (isOver = true))
  await asking
  times.sort((a, b) => a - b)
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))]
  return { result, healthz: { p50: at(0.5), p99: at(0.99), worst: at(1) } }
}

/** Eight uploads at once: slices per second in all, and the slowest's time over the fastest's. */
async function eightAtOnce(dir, site, gateway, seed) {
  const studies = []
  for (let i = 0; i < AT_ONCE; i++) studies.push(await newStudy(dir, seed + i))
  const uploads = studies.map((study) => formUpload(site, gateway, study))
  const started = performance.now()
  const { result, healthz } = await whileAsked(gateway, () =>
    Promise.all(uploads.map((upload) => upload().then(() => performance.now() - started))),
  )
  for (const { study } of studies) rmSync(study, { recursive: true, force: true })
  const slowest = Math.max(...result)
  const rate = (AT_ONCE * SLICES) / (slowest / 1_000)
  return { rate, unfairness: slowest / Math.min(...result), healthz }
}

/** Medians: slices per second by row, with how long `/healthz` took meanwhile. */
export async function measureLoad(dir, firstSeed) {
  const sites = []
  let seed = firstSeed
  try {
    for (const [name, prepare] of Object.entries(SITES)) {
      const site = join(dir, name.replace(/\W+/g, '-'))
      await node(MAIN, 'init', site, '--demo')
      await prepare(site)
      sites.push({ name, site, gateway: await startGateway(site), rates: [], asked: [] })
    }
    for (let round = 0; round < ROUNDS; round++)
      for (const { site, gateway, rates, asked } of sites) {
        const study = await newStudy(dir, seed++)
        const upload = formUpload(site, gateway, study)
        const started = performance.now()
        const { healthz } = await whileAsked(gateway, upload)
        rates.push(perSecond(SLICES, started))
        asked.push(healthz)
        rmSync(study.study, { recursive: true, force: true })
      }
    const rows = sites.map(({ name, rates, asked }) => {
      const healthz = ['p50', 'p99', 'worst'].map((one) => [one, median(asked.map((a) => a[one]))])
      return { name, rate: median(rates), healthz: Object.fromEntries(healthz) }
    })
    const [{ site, gateway }] = sites
    return [...rows, { name: 'eight at once', ...(await eightAtOnce(dir, site, gateway, seed)) }]
  } finally {
    await Promise.all(sites.map(({ gateway }) => stop(gateway)))
  }
}

export function printLoad(rows) {
  const [{ rate: base }] = rows
  console.log(`${SLICES} CT slices by curl, a second, while /healthz is asked every ${ASK_MS} ms`)
  for (const { name, rate, unfairness, healthz } of rows) {
    const { p50, p99, worst } = healthz
    const times = [p50, p99, worst].map((ms) => ms.toFixed(0)).join(', ')
    const fair = unfairness ? `, slowest ${unfairness.toFixed(2)} x the fastest` : ''
    console.log(
      `  ${name.padEnd(26)} ${rate.toFixed(0).padStart(5)}   ${(rate / base).toFixed(2)} of the first${fair}`,
    )
    console.log(`    /healthz: p50, p99 and worst ${times} ms`)
  }
}
