/** A real clamd (Debian's package clamav-daemon) with a signature of our own, in its own folder. */
import { spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './_eventually.js'

const CLAMD = '/usr/sbin/clamd'

/** Why clamd is unavailable, for the titles of skipped tests; undefined if it is available. */
export const clamdMissing: string | undefined = await access(CLAMD).then(
  () => undefined,
  () => 'clamd (clamav-daemon) is not installed',
)

/**
 * The EICAR test file. It is put together here, so that no scanner quarantines this source.
 * https://www.eicar.org/download-anti-malware-testfile/
 */
export const eicar = (): Buffer =>
  Buffer.from(
    ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!', '$H+H*'].join(''),
    'latin1',
  )

export interface Clamd {
  readonly path: string
  stop(): Promise<void>
}

/** @param maxBytes its StreamMaxLength */
export async function startClamd(maxBytes: number): Promise<Clamd> {
  const dir = await mkdtemp(join(tmpdir(), 'clamd-'))
  const [database, path, settings] = ['db', 'socket', 'clamd.conf'].map((name) => join(dir, name))
  await mkdir(database!)
  // An extended signature: name, any type, any offset, the octets in hexadecimal.
  const signature = `Nocturne.Test.Eicar:0:*:${eicar().toString('hex')}`
  await writeFile(join(database!, 'nocturne.ndb'), `${signature}\n`)
  const lines = [
    ...[`DatabaseDirectory ${database}`, `LocalSocket ${path}`, 'Foreground yes'],
    ...[`StreamMaxLength ${maxBytes}`, 'MaxThreads 2', 'ExitOnOOM yes', 'Bytecode no'],
    ...['User root'],
  ]
  await writeFile(settings!, `${lines.join('\n')}\n`)
  const child = spawn(CLAMD, ['--config-file', settings!], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const isUp = () =>
    access(path!).then(
      () => true,
      () => false,
    )
  if (!(await eventually(isUp, Boolean))) throw new Error('clamd did not start')
  return {
    path: path!,
    stop: async () => {
      child.kill()
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}
