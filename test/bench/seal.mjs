/**
 * Sealing and opening one stream of 512 MB, compared with openpgp.js, gpg and openssl in the same
 * run; then what a gateway does: concurrent streams, a study of small items, key packets, a stream
 * of 8 GB. Needs `npm run build`.
 *
 * Each sample runs in a separate process, because what one program leaves on the heap slows the
 * next. Rounds alternate between the programs and medians are compared, so that a busy machine
 * affects all alike. Programs are compared by the processor time of all their threads, which other
 * work on the machine affects little; concurrent streams, and opening, are compared by wall clock,
 * because a separate thread reads the file ahead.
 *
 * `nocturne seal` does what the other programs do: framing and encryption, in one thread. `nocturne
 * seal, measured` also computes the two digests for the manifest, which no other program does.
 * Buffers are returned as the store does it. gpg reads a file and writes to /dev/null, which suits
 * it best. From file to file both are measured as a person would run them, including startup, and
 * the command also syncs its output.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { readMessageFile } from '../../dist/cli/reader/message-file.js'
import { freeMemory } from '../../dist/lib/free-memory.js'

const MEGABYTES = 512
const ROUNDS = 3
const PIECE = Buffer.alloc(65_536, 0x5a)
const GPG_SEAL = ['--compress-algo', 'none', '-r', 'bench', '--encrypt']
const HERE = fileURLToPath(import.meta.url)
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const GPG = ['--batch', '--quiet', '--trust-model', 'always', '--pinentry-mode', 'loopback']

async function* content(megabytes = MEGABYTES) {
  for (let at = 0; at < megabytes * 16; at++) yield PIECE
}

async function drain(pieces) {
  let size = 0
  for await (const piece of pieces) size += piece.length
  return size
}

async function drainSealed({ bytes }) {
  for await (const piece of bytes) freeMemory(piece)
}

async function inOneThread() {
  ;(await room()).setSealingThreads(0)
}

const room = async () => ({
  ...(await import('../../dist/seal/index.js')),
  ...(await import('../../dist/seal/keys/index.js')),
  ...(await import('../../dist/seal/open/index.js')),
  ...(await import('../../dist/seal/workers.js')),
})

async function recipientOf(home, format) {
  const { toRecipient } = await room()
  const recipient = await toRecipient(
    'bench',
    readFileSync(join(home, 'certificate.asc')),
    new Date(),
  )
  return { ...recipient, takesSeipd2: format === 'seipd2' }
}

const envelopeOf = async (home, format) =>
  (await room()).newEnvelope([await recipientOf(home, format)], new Date())

/** Each prepares, and returns the work to be timed. */
const IN_NODE = {
  /** What gpg and openpgp.js do: only the message. */
  async 'nocturne seal'(home, format) {
    await inOneThread()
    const envelope = await envelopeOf(home, format)
    return () => drainSealed(envelope.seal(content(), { isMeasured: false }))
  },
  /** With both digests of the manifest. */
  async 'nocturne seal, measured'(home, format) {
    await inOneThread()
    const envelope = await envelopeOf(home, format)
    return () => drainSealed(envelope.seal(content()))
  },
  async 'nocturne open'(home, format) {
    const { nodeCiphers, openMessage, readPrivateKey } = await room()
    const key = await readPrivateKey(readFileSync(join(home, 'key.asc')))
    return async () => {
      const size = await drain(
        openMessage(readMessageFile(join(home, format)), [key], {
          ciphers: nodeCiphers,
          isTransient: true,
        }),
      )
      if (size !== MEGABYTES * 2 ** 20) throw new Error('not what was sealed')
    }
  },
  async 'openpgp.js seal'(home, format) {
    const { createMessage, encrypt, readKey } = await import('openpgp')
    const encryptionKeys = await readKey({
      armoredKey: readFileSync(join(home, 'certificate.asc'), 'utf8'),
    })
    const sessionKey = {
      data: crypto.getRandomValues(new Uint8Array(32)),
      algorithm: 'aes256',
      ...(format === 'seipd2' && { aeadAlgorithm: 'gcm' }),
    }
    return async () => {
      const message = await createMessage({ binary: ReadableStream.from(content()) })
      await drain(await encrypt({ message, encryptionKeys, sessionKey, format: 'binary' }))
    }
  },
}

/** A gateway's work, with digests and a gateway's number of threads; rates are totals. */
const AT_ONCE = {
  async 'one stream'(home, format) {
    const envelope = await envelopeOf(home, format)
    return () => drainSealed(envelope.seal(content()))
  },
  async 'four streams'(home, format) {
    const envelope = await envelopeOf(home, format)
    const one = () => drainSealed(envelope.seal(content(MEGABYTES / 4)))
    return () => Promise.all([one(), one(), one(), one()])
  },
  /** A study: 1,024 items of 512 KB, eight at a time. */
  async 'small items'(home, format) {
    const envelope = await envelopeOf(home, format)
    return async () => {
      let left = MEGABYTES * 2
      const some = async () => {
        while (left-- > 0) await drainSealed(envelope.seal(content(0.5)))
      }
      await Promise.all(Array.from({ length: 8 }, some))
    }
  },
}

/** Seconds for the key packets of 500 items in one envelope to 20 recipients. */
async function keyPacketSeconds() {
  const { newEnvelope, newKey, toRecipient } = await room()
  const recipients = []
  for (let at = 0; at < 20; at++)
    recipients.push(
      await toRecipient(`r${at}`, (await newKey({ name: 'r' })).certificate, new Date()),
    )
  await newEnvelope(recipients, new Date())
  const begin = performance.now()
  const envelope = await newEnvelope(recipients, new Date())
  for (let at = 0; at < 500; at++) await drainSealed(envelope.seal([PIECE.subarray(0, 1)]))
  return Math.round(performance.now() - begin) / 1000
}

/** Largest resident memory, in MB, while 8 GB are sealed. */
async function memoryOf8GB(home) {
  const envelope = await envelopeOf(home, 'seipd2')
  await drainSealed(envelope.seal(content(8192)))
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

function opensslRate() {
  const args = ['speed', '-seconds', '2', '-bytes', '16384', '-evp', 'aes-256-gcm']
  const { stdout, status } = spawnSync('openssl', args)
  const [, thousands] = /AES-256-GCM\s+([\d.]+)k/i.exec(stdout?.toString() ?? '') ?? []
  return status === 0 && thousands ? Number(thousands) / 1000 / 1.048576 : undefined
}

/** One sample in this process: seconds of wall clock and of processor time. */
async function sample(name, home, format) {
  const work = await (IN_NODE[name] ?? AT_ONCE[name])(home, format)
  const begin = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { wall: (performance.now() - begin) / 1000, cpu: (user + system) / 1e6 }
}

/**
 * The best that two cores of this machine can do: two independent processes, each with a stream of
 * the full size.
 */
async function sampleTwoProcesses(sampleOne) {
  const both = await Promise.all([sampleOne(), sampleOne()])
  const sum = (clock) => both.reduce((total, one) => total + one[clock], 0)
  return { wall: Math.max(...both.map(({ wall }) => wall)) / 2, cpu: sum('cpu') / 2 }
}

/** Runs a program, with the processor time measured by the shell. Its output is discarded. */
async function sampleProgram(program, args, home) {
  const env = { ...process.env, GNUPGHOME: home }
  const script = '"$@" > /dev/null 2>&1 && times'
  const begin = performance.now()
  const { stdout } = await promisify(execFile)('sh', ['-c', script, 'sh', program, ...args], {
    env,
  })
  const wall = (performance.now() - begin) / 1000
  const ofChildren = stdout.trim().split('\n')[1] ?? ''
  const parts = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)]
  return { wall, cpu: parts.reduce((sum, [, min, sec]) => sum + 60 * min + Number(sec), 0) }
}

const sampleGpg = (args, home) => sampleProgram('gpg', [...GPG, ...args], home)

/**
 * Measured from outside and to a file, so startup and disk are included. The output is deleted
 * before the next sample.
 */
async function sampleToFile(run, opened) {
  try {
    return await run(opened)
  } finally {
    rmSync(opened, { recursive: true, force: true })
  }
}

const sealByCommand = (home) => (out) =>
  sampleProgram(
    process.execPath,
    [MAIN, 'seal', join(home, 'plain'), '--to', join(home, 'certificate.asc'), '--out', out],
    home,
  )

const sealByGpg = (home) => (out) =>
  sampleGpg(['--output', out, ...GPG_SEAL, join(home, 'plain')], home)

const openByCommand = (home) => (out) =>
  sampleProgram(
    process.execPath,
    [MAIN, 'open', join(home, 'seipd2'), '--key', join(home, 'key.asc'), '--out', out],
    home,
  )

const openByGpg = (home) => (out) =>
  sampleGpg(['--output', out, '--decrypt', join(home, 'seipd1')], home)

async function prepare(home) {
  const { newKey, sealMessage } = await room()
  const { privateKey, certificate } = await newKey({ name: 'bench' })
  writeFileSync(join(home, 'key.asc'), privateKey, { mode: 0o600 })
  writeFileSync(join(home, 'certificate.asc'), certificate)
  await writeFile(join(home, 'plain'), content())
  for (const format of ['seipd1', 'seipd2'])
    await writeFile(
      join(home, format),
      (await sealMessage(content(), await recipientOf(home, format), new Date())).bytes,
    )
  const env = { ...process.env, GNUPGHOME: home }
  return spawnSync('gpg', [...GPG, '--import', join(home, 'key.asc')], { env }).status === 0
}

const CLOCKS = { cpu: 'CPU', wall: 'clock' }

/** The rows of the table: ours, the other program, which clock, and the minimum ratio. */
const ROWS = [
  ['nocturne seal seipd2', 'gpg seal seipd1', 'cpu', 2.5],
  ['nocturne seal seipd2', 'openpgp.js seal seipd2', 'cpu', 4],
  ['nocturne seal seipd2', 'openssl speed', 'cpu', 0.35],
  ['nocturne seal seipd1', 'openpgp.js seal seipd1', 'cpu', 1.5],
  ['nocturne open seipd2', 'gpg open seipd1', 'wall', 2],
  ['nocturne open seipd2', 'gpg open seipd1', 'cpu', 2],
  ['nocturne open seipd1', 'gpg open seipd1', 'wall', 2],
  ['command seal to a file seipd2', 'gpg seal to a file seipd1', 'wall', 1.8],
  ['command open to a file seipd2', 'gpg open to a file seipd1', 'wall', 1.8],
  ['four streams seipd2', 'one stream seipd2', 'wall', 1.6],
  ['two processes, a stream each', 'one stream seipd2', 'wall', undefined],
]

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

const rate = (samples, clock) => Math.round(MEGABYTES / median(samples.map((one) => one[clock])))

/** Prints medians in MB/s and their ratios, and returns them. */
export async function run({ json = false } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'seal-bench-'))
  try {
    const inProcess = (script, ...args) =>
      promisify(execFile)(process.execPath, [HERE, script, ...args])
    const tasks = [...Object.keys(IN_NODE), ...Object.keys(AT_ONCE)].flatMap((name) =>
      ['seipd2', 'seipd1'].map((format) => ({
        name: `${name} ${format}`,
        run: async () => {
          return JSON.parse((await inProcess('--sample', name, home, format)).stdout)
        },
      })),
    )
    const oneStream = tasks.find(({ name }) => name === 'one stream seipd2')
    tasks.push({
      name: 'two processes, a stream each',
      run: () => sampleTwoProcesses(oneStream.run),
    })
    if (await prepare(home))
      tasks.push(
        {
          name: 'gpg seal seipd1',
          run: () => sampleGpg(['--output', '-', ...GPG_SEAL, join(home, 'plain')], home),
        },
        {
          name: 'gpg open seipd1',
          run: () => sampleGpg(['--decrypt', join(home, 'seipd1')], home),
        },
        {
          name: 'gpg seal to a file seipd1',
          run: () => sampleToFile(sealByGpg(home), join(home, 'sealed')),
        },
        {
          name: 'gpg open to a file seipd1',
          run: () => sampleToFile(openByGpg(home), join(home, 'opened')),
        },
      )
    tasks.push(
      {
        name: 'command seal to a file seipd2',
        run: () => sampleToFile(sealByCommand(home), join(home, 'sealed')),
      },
      {
        name: 'command open to a file seipd2',
        run: () => sampleToFile(openByCommand(home), join(home, 'opened')),
      },
    )
    const samples = Object.fromEntries(tasks.map(({ name }) => [name, []]))
    const openssl = []
    for (let round = 0; round < ROUNDS; round++) {
      for (const task of tasks) samples[task.name].push(await task.run())
      openssl.push(opensslRate())
    }
    const single = async (script) => JSON.parse((await inProcess(script, home)).stdout)
    return report(samples, json, {
      openssl: openssl.includes(undefined) ? undefined : Math.round(median(openssl)),
      keyPacketSeconds: await single('--key-packets'),
      memoryMegabytes8GB: await single('--memory'),
    })
  } finally {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'all'])
    rmSync(home, { recursive: true, force: true })
  }
}

function report(samples, json, { openssl, keyPacketSeconds, memoryMegabytes8GB }) {
  const all = Object.entries(samples)
  const rates = Object.fromEntries(
    all.map(([name, some]) => [name, { wall: rate(some, 'wall'), cpu: rate(some, 'cpu') }]),
  )
  if (openssl !== undefined) rates['openssl speed'] = { wall: openssl, cpu: openssl }
  const rows = ROWS.filter(([, peer]) => rates[peer] !== undefined).map(
    ([ours, peer, clock, goal]) => {
      const measured = Math.round((rates[ours][clock] / rates[peer][clock]) * 100) / 100
      return {
        what: `${ours} / ${peer}, ${CLOCKS[clock]}`,
        goal: goal === undefined ? 'a bound' : `>= ${goal}`,
        measured,
        ...(goal !== undefined && { isMet: measured >= goal }),
      }
    },
  )
  rows.push(
    {
      what: 'key packets, 500 items x 20 recipients, s',
      goal: '< 0.5',
      measured: keyPacketSeconds,
      isMet: keyPacketSeconds < 0.5,
    },
    {
      what: 'memory, 8 GB stream, MB',
      goal: '< 150',
      measured: memoryMegabytes8GB,
      isMet: memoryMegabytes8GB < 150,
    },
  )
  const result = { bench: 'seal', megabytes: MEGABYTES, rounds: ROUNDS, rates, rows }
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else {
    const lines = ['MB/s                              CPU second   wall clock']
    for (const [name, { cpu, wall }] of Object.entries(rates))
      lines.push(`${name.padEnd(34)}${String(cpu).padStart(10)}${String(wall).padStart(13)}`)
    lines.push('', `${'row'.padEnd(68)}      goal  measured`)
    for (const { what, goal, measured, isMet } of rows)
      lines.push(
        `${what.padEnd(68)}${goal.padStart(10)}${String(measured).padStart(10)}  ${isMet === undefined ? '' : isMet ? 'met' : 'not met'}`,
      )
    process.stdout.write(`${lines.join('\n')}\n`)
  }
  return result
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , option, ...rest] = process.argv
  if (option === '--sample') process.stdout.write(JSON.stringify(await sample(...rest)))
  else if (option === '--key-packets')
    process.stdout.write(JSON.stringify(await keyPacketSeconds()))
  else if (option === '--memory') process.stdout.write(JSON.stringify(await memoryOf8GB(...rest)))
  else await run({ json: option === '--json' })
}
