/** What an upload is compared with: the disk alone, and Orthanc, if it is installed. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const PROGRAM = '/usr/sbin/Orthanc'
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'

/** Writes each file's bytes to a new file and syncs it, one after another. */
export async function writeAndSync(files, dir) {
  mkdirSync(dir)
  for (const [i, file] of files.entries()) {
    const handle = await open(join(dir, String(i)), 'wx')
    await handle.writeFile(readFileSync(file))
    await handle.sync()
    await handle.close()
  }
}

/** Undefined where it is not installed. With the defaults of the distribution, and no Nagle delay. */
export async function startOrthanc(dir) {
  if (!existsSync(PROGRAM) || !existsSync(PLUGIN)) return undefined
  const [http, dicom] = [await freePort(), await freePort()]
  mkdirSync(dir)
  const config = {
    ...{ StorageDirectory: dir, IndexDirectory: dir, HttpPort: http, RemoteAccessAllowed: false },
    ...{ DicomPort: dicom, DicomCheckCalledAet: false, DicomAlwaysAllowStore: true },
    ...{ Plugins: [PLUGIN], DicomWeb: { Enable: true } },
  }
  writeFileSync(join(dir, 'orthanc.json'), JSON.stringify(config))
  const child = spawn(PROGRAM, [join(dir, 'orthanc.json')], {
    stdio: 'ignore',
    env: { ...process.env, TCP_NODELAY: '1' },
  })
  const url = `http://127.0.0.1:${http}`
  for (let tries = 0; tries < 600; tries++) {
    const isUp = await fetch(`${url}/system`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isUp) return { child, dicom, stow: `${url}/dicom-web/studies` }
    await delay(100)
  }
  child.kill()
  throw new Error('Orthanc did not start')
}

/** The body of one STOW-RS request with all of the files, written to `path`. */
export function writeStowBody(files, path) {
  const parts = files.flatMap((file) => [
    Buffer.from('--bench\r\nContent-Type: application/dicom\r\n\r\n'),
    readFileSync(file),
    Buffer.from('\r\n'),
  ])
  writeFileSync(path, Buffer.concat([...parts, Buffer.from('--bench--\r\n')]))
  return 'multipart/related; type="application/dicom"; boundary=bench'
}

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
