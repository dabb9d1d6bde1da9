#!/usr/bin/env node
/**
 * Builds, creates the demo site if there is none, and serves it; builds and restarts whenever a
 * source changes: npm run dev [-- --port N]. If a build fails, the running gateway is left alone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } })
const site = process.env.NOCTURNE_DEMO_SITE ?? 'demo-site'
/** An editor saves a file in several steps, and a checkout changes many files. */
const QUIET_MS = 200

const node = (...args) => spawn(process.execPath, args, { stdio: 'inherit' })
const succeeds = async (...args) => (await once(node(...args), 'exit'))[0] === 0
const nocturne = 'dist/cli/main.js'

let gateway
let isStopping = false
async function stop() {
  if (gateway === undefined || gateway.exitCode !== null || gateway.signalCode !== null) return
  const exited = once(gateway, 'exit')
  gateway.kill('SIGTERM')
  await exited
}

async function restart() {
  console.log('dev: building …')
  const began = Date.now()
  if (!(await succeeds('scripts/build.mjs'))) {
    if (!isStopping)
      console.error('dev: the build failed; the gateway keeps running the previous build')
    return
  }
  const seconds = ((Date.now() - began) / 1_000).toFixed(0)
  console.log(`dev: built in ${seconds} s, ${gateway === undefined ? 'starting' : 'restarting'}`)
  await stop()
  if (!existsSync(`${site}/nocturne.yaml`) && !(await succeeds(nocturne, 'init', site, '--demo')))
    process.exit(1)
  gateway = node(nocturne, 'serve', '--site', site, '--port', values.port)
}

let changes = 0
for (const folder of ['src', 'config']) watch(folder, { recursive: true }, () => void changes++)
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    isStopping = true
    void stop().then(() => process.exit(0))
  })

for (let done = -1; ;) {
  const seen = changes
  if (seen !== done) {
    await sleep(QUIET_MS)
    if (seen !== changes) continue
    await restart()
    done = seen
    console.log('dev: waiting for a change in src/ or config/; Ctrl-C stops')
  }
  await sleep(QUIET_MS)
}
