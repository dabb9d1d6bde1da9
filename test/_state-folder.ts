/** Runs before each test file: what commands learn about gateways stays out of the home folder. */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = join(tmpdir(), `nocturne-test-state-${String(process.pid)}`)
process.env.NOCTURNE_STATE ??= folder
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
