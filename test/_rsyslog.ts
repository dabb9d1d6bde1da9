/**
 * A real rsyslog with TLS that requires a client certificate, in its own folder. It is in Debian's
 * packages `rsyslog` and `rsyslog-gnutls`; `openssl` creates the certificates.
 */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { newAuthority } from './_certificates.js'
import type { Certificates } from './_certificates.js'
import { eventually } from './_eventually.js'

const run = promisify(execFile)
const RSYSLOGD = '/usr/sbin/rsyslogd'

/** Why rsyslog is unavailable, for the titles of skipped tests; undefined if it is available. */
export const rsyslogMissing: string | undefined = await missing()

async function missing(): Promise<string | undefined> {
  try {
    const { stdout } = await run('dpkg', ['-L', 'rsyslog-gnutls'])
    await access(stdout.split('\n').find((path) => path.endsWith('/lmnsd_gtls.so')) ?? '')
    await access(RSYSLOGD)
    await run('openssl', ['version'])
    return undefined
  } catch {
    return 'rsyslog with its GnuTLS driver is not installed'
  }
}

/** One message as parsed by rsyslog. */
export interface Parsed {
  readonly pri: string
  readonly version: string
  readonly time: string
  readonly host: string
  readonly app: string
  readonly procid: string
  readonly msgid: string
  readonly data: string
  readonly msg: string
}

export interface Rsyslog {
  readonly port: number
  /** The certificate that a client presents. */
  readonly client: Certificates
  /** From another authority: neither side knows the other's. */
  readonly stranger: Certificates
  /** From the right authority, but for a name that it does not admit. */
  readonly unwelcome: Certificates
  /** Everything written so far. */
  received(): Promise<readonly Parsed[]>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  remove(): Promise<void>
}

export const CLIENT_NAME = 'gateway.example.org'

export async function startRsyslog(): Promise<Rsyslog> {
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-rsyslog-'))
  const own = await newAuthority(dir, 'own')
  const other = await newAuthority(dir, 'other')
  const server = await own('localhost')
  const client = await own(CLIENT_NAME)
  const unwelcome = await own('somebody.example.org')
  const stranger = await other(CLIENT_NAME)
  const output = join(dir, 'received.ndjson')
  const portFile = join(dir, 'port')
  let port = 0
  let child: ChildProcess | undefined
  let errors = ''

  const start = async () => {
    const config = join(dir, 'rsyslog.conf')
    await rm(portFile, { force: true })
    await writeFile(config, configuration({ dir, server, output, portFile, port }))
    child = spawn(RSYSLOGD, ['-n', '-f', config, '-iNONE'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text))
    const hasEnded = () => child?.exitCode !== null
    // The port is written there only if the system chose it.
    if (port === 0)
      port = Number(
        await eventually(
          () => readFile(portFile, 'utf8').catch(() => ''),
          (text) => /^\d+/.test(text) || hasEnded(),
        ),
      )
    const isUp = await eventually(
      () => answers(port),
      (answer) => answer || hasEnded(),
    )
    if (!isUp || hasEnded()) throw new Error(`rsyslog does not start: ${errors}`)
  }
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    const running = child
    if (running?.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }
  await start()
  return {
    get port() {
      return port
    },
    client,
    stranger,
    unwelcome,
    start,
    stop,
    received: async () => {
      const text = await readFile(output, 'utf8').catch(() => '')
      // The last line may be incomplete.
      return (
        text
          .split('\n')
          .slice(0, -1)
          // A message interrupted by a kill may precede the next one on the line; it was sent
          // again.
          .map((line) => JSON.parse(line.slice(line.lastIndexOf('{"pri"'))) as Parsed)
      )
    },
    remove: async () => {
      await stop('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/**
 * Every message is written before the next is read, so that rsyslog loses nothing it has read when
 * it is killed.
 */
function configuration(place: {
  dir: string
  server: Certificates
  output: string
  portFile: string
  port: number
}): string {
  const { dir, server, output, portFile, port } = place
  const property = (outname: string, name: string, more = '') =>
    `property(outname="${outname}" name="${name}" format="jsonf" ${more})`
  return `
global(
  workDirectory="${dir}"
  maxMessageSize="64k"
  defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="${server.ca}"
  defaultNetstreamDriverCertFile="${server.certificate}"
  defaultNetstreamDriverKeyFile="${server.key}"
)
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
  streamDriver.authMode="x509/name" permittedPeer=["${CLIENT_NAME}"])
template(name="fields" type="list" option.jsonf="on") {
  ${property('pri', 'pri')}
  ${property('version', 'protocol-version')}
  ${property('time', 'timereported', 'dateFormat="rfc3339"')}
  ${property('host', 'hostname')}
  ${property('app', 'app-name')}
  ${property('procid', 'procid')}
  ${property('msgid', 'msgid')}
  ${property('data', 'structured-data')}
  ${property('msg', 'msg')}
}
ruleset(name="all" queue.type="Direct") {
  action(type="omfile" file="${output}" template="fields" asyncWriting="off" flushOnTXEnd="on")
}
input(type="imtcp" address="127.0.0.1" port="${port}" listenPortFileName="${portFile}" ruleset="all")
`
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.unref()
    setTimeout(() => socket.destroy(), 500).unref()
  })
