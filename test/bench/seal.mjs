/**
 * Sealing and opening one stream of 512 MB, against openpgp.js, gpg and openssl in the same run; then what a gateway does:
 * streams at once, a study of small items, key packets, a stream of 8 GB. Needs `npm run build`.
 *
 * Each sample is a process of its own, since what one program leaves on the heap slows the next. Rounds alternate
 * between the programs and medians are compared, so that a busy machine disturbs all alike. For what runs in Node the
 * rate by processor time is given as well: openpgp.js spreads over threads, we do not.
 */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const MEGABYTES = 512
const ROUNDS = 3
const PIECE = Buffer.alloc(65_536, 0x5a)
const HERE = fileURLToPath(import.meta.url)
const GPG = ['--batch', '--quiet', '--trust-model', 'always', '--pinentry-mode', 'loopback']

async function* content(megabytes = MEGABYTES) {
  for (let at = 0; at < megabytes * 16; at++) yield PIECE
}

const read = (path) => createReadStream(path, { highWaterMark: 2 ** 18 })

async function drain(pieces) {
  let size = 0
  for await (const piece of pieces) size += piece.length
  return size
}

const room = () => import('../../dist/seal/index.js')

async function recipientOf(home, format) {
  const { toRecipient } = await room()
  const recipient = await toRecipient('bench', readFileSync(join(home, 'certificate.asc')))
  return { ...recipient, takesSeipd2: format === 'seipd2' }
}

const envelopeOf = async (home, format) =>
  (await room()).newEnvelope([await recipientOf(home, format)])

/** Each prepares, and answers the work to be timed. */
const IN_NODE = {
  /** What gpg and openpgp.js do: the message alone. */
  async 'nocturne seal'(home, format) {
    const envelope = await envelopeOf(home, format)
    return () => drain(envelope.seal(content(), { isMeasured: false }).bytes)
  },
  /** With both digests of the manifest. */
  async 'nocturne seal, measured'(home, format) {
    const envelope = await envelopeOf(home, format)
    return () => drain(envelope.seal(content()).bytes)
  },
  async 'nocturne open'(home, format) {
    const { nodeCiphers, openMessage, readPrivateKey } = await room()
    const key = await readPrivateKey(readFileSync(join(home, 'key.asc')))
    return async () => {
      const size = await drain(
        openMessage(read(join(home, format)), [key], { ciphers: nodeCiphers }),
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

/** A gateway's work, with digests; rates are over all of it. */
const AT_ONCE = {
  async 'four streams'(home, format) {
    const envelope = await envelopeOf(home, format)
    const one = () => drain(envelope.seal(content(MEGABYTES / 4)).bytes)
    return () => Promise.all([one(), one(), one(), one()])
  },
  /** 1,024 items of 512 KB, eight under way: a study. */
  async 'small items'(home, format) {
    const envelope = await envelopeOf(home, format)
    return async () => {
      let left = MEGABYTES * 2
      const some = async () => {
        while (left-- > 0) await drain(envelope.seal(content(0.5)).bytes)
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
    recipients.push(await toRecipient(`r${at}`, (await newKey({ name: 'r' })).certificate))
  await newEnvelope(recipients)
  const begin = performance.now()
  const envelope = await newEnvelope(recipients)
  for (let at = 0; at < 500; at++) await drain(envelope.seal([PIECE.subarray(0, 1)]).bytes)
  return Math.round(performance.now() - begin) / 1000
}

/** Largest resident memory, in MB, while 8 GB are sealed. */
async function memoryOf8GB(home) {
  const envelope = await envelopeOf(home, 'seipd2')
  await drain(envelope.seal(content(8192)).bytes)
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

function opensslRate() {
  const args = ['speed', '-seconds', '2', '-bytes', '16384', '-evp', 'aes-256-gcm']
  const { stdout, status } = spawnSync('openssl', args)
  const [, thousands] = /AES-256-GCM\s+([\d.]+)k/i.exec(stdout?.toString() ?? '') ?? []
  return status === 0 && thousands ? Number(thousands) / 1000 / 1.048576 : undefined
}

/** Octets into a program and out of it; only their number is kept. */
function pipe(args, input, home) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GNUPGHOME: home }
    const child = spawn('gpg', [...GPG, ...args], { env, stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdout.resume()
    child.on('error', reject)
    child.on('close', (status) => (status === 0 ? resolve() : reject(new Error('gpg failed'))))
    child.stdin.on('error', () => undefined)
    void (async () => {
      for await (const piece of input) {
        if (!child.stdin.write(piece))
          await new Promise((ready) => child.stdin.once('drain', ready))
      }
      child.stdin.end()
    })()
  })
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

async function sampleGpg(action, home) {
  const begin = performance.now()
  if (action === 'seal')
    await pipe(['--compress-algo', 'none', '-r', 'bench', '--encrypt'], content(), home)
  else await pipe(['--decrypt'], read(join(home, 'seipd1')), home)
  return { wall: (performance.now() - begin) / 1000 }
}

async function prepare(home) {
  const { newKey, sealMessage } = await room()
  const { privateKey, certificate } = await newKey({ name: 'bench' })
  writeFileSync(join(home, 'key.asc'), privateKey)
  writeFileSync(join(home, 'certificate.asc'), certificate)
  for (const format of ['seipd1', 'seipd2'])
    await writeFile(
      join(home, format),
      (await sealMessage(content(), await recipientOf(home, format))).bytes,
    )
  const env = { ...process.env, GNUPGHOME: home }
  return spawnSync('gpg', [...GPG, '--import', join(home, 'key.asc')], { env }).status === 0
}

const RATIOS = [
  ['nocturne seal seipd2', 'openpgp.js seal seipd2'],
  ['nocturne seal seipd1', 'openpgp.js seal seipd1'],
  ['nocturne seal seipd2', 'gpg seal seipd1'],
  ['nocturne seal seipd1', 'gpg seal seipd1'],
  ['nocturne open seipd2', 'gpg open seipd1'],
  ['nocturne open seipd1', 'gpg open seipd1'],
  ['four streams seipd2', 'nocturne seal, measured seipd2'],
  ['four streams seipd1', 'nocturne seal, measured seipd1'],
]

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

const rate = (samples, clock) => Math.round(MEGABYTES / median(samples.map((one) => one[clock])))

/** Prints medians in MB/s and their ratios, and answers them. */
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
    if (await prepare(home))
      for (const action of ['seal', 'open'])
        tasks.push({ name: `gpg ${action} seipd1`, run: () => sampleGpg(action, home) })
    const samples = Object.fromEntries(tasks.map(({ name }) => [name, []]))
    const openssl = []
    for (let round = 0; round < ROUNDS; round++) {
      for (const task of tasks) samples[task.name].push(await task.run())
      openssl.push(opensslRate())
    }
    const single = async (script) => JSON.parse((await inProcess(script, home)).stdout)
    return report(samples, json, {
      opensslMegabytesPerSecond: openssl.includes(undefined) ? undefined : median(openssl),
      keyPacketSeconds: await single('--key-packets'),
      memoryMegabytes8GB: await single('--memory'),
    })
  } finally {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'all'])
    rmSync(home, { recursive: true, force: true })
  }
}

function report(samples, json, others) {
  const all = Object.entries(samples)
  const medians = Object.fromEntries(all.map(([name, some]) => [name, rate(some, 'wall')]))
  const perCpuSecond = Object.fromEntries(
    all
      .filter(([, some]) => some[0].cpu !== undefined)
      .map(([name, some]) => [name, rate(some, 'cpu')]),
  )
  const ratios = Object.fromEntries(
    RATIOS.filter(([, peer]) => medians[peer] !== undefined).map(([ours, peer]) => [
      `${ours} / ${peer}`,
      Math.round((medians[ours] / medians[peer]) * 100) / 100,
    ]),
  )
  const { opensslMegabytesPerSecond: openssl } = others
  if (openssl !== undefined)
    ratios['nocturne seal seipd2 / openssl speed'] =
      Math.round((medians['nocturne seal seipd2'] / openssl) * 100) / 100
  const result = {
    bench: 'seal',
    megabytes: MEGABYTES,
    rounds: ROUNDS,
    medians,
    perCpuSecond,
    ratios,
    ...others,
  }
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else {
    for (const [name, value] of Object.entries(medians)) {
      const cpu = perCpuSecond[name]
      const more = cpu === undefined ? '' : `, ${cpu} MB per CPU second`
      process.stdout.write(`${name.padEnd(32)}${value} MB/s${more}\n`)
    }
    for (const [name, value] of Object.entries(ratios))
      process.stdout.write(`${name.padEnd(50)}${value}\n`)
    process.stdout.write(
      [
        `key packets of 500 items for 20 recipients: ${others.keyPacketSeconds} s`,
        `memory, 8 GB stream: ${others.memoryMegabytes8GB} MB at most`,
        '',
      ].join('\n'),
    )
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
