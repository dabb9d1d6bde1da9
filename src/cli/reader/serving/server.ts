/** Opened studies on loopback, by QIDO-RS and WADO-RS. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { refusal } from './guard.js'
import type { Guard } from './guard.js'
import type { Library } from './library.js'
import { answerFor } from './respond.js'

const ROOT = '/dicom-web'

export interface StudyServer {
  /** `http://127.0.0.1:PORT/dicom-web` */
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

const HEADERS_MS = 10_000

/** @throws the system's error when the port is taken */
export async function serveStudies(
  library: Library,
  options: { readonly port: number; readonly origins: readonly string[] },
): Promise<StudyServer> {
  const token = randomBytes(24).toString('base64url')
  const known = { token, port: options.port, origins: options.origins }
  const server = createServer({ headersTimeout: HEADERS_MS }, (request, response) => {
    answer(library, { ...known, port: portOf() }, request, response).catch(() => {
      // The client has gone, or the file cannot be read: no text of the error may reach the page.
      if (response.headersSent) response.destroy()
      else end(response, 500)
    })
  })
  server.maxConnections = 64
  const portOf = () => (server.address() as AddressInfo).port
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf()}${ROOT}`,
    token,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

async function answer(
  library: Library,
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refused = refusal(request, response, guard)
  if (refused !== undefined) {
    end(response, refused)
    return
  }
  const found = await answerTo(library, request)
  if (typeof found === 'number') end(response, found)
  else if (request.method === 'HEAD') end(response, 200)
  else await found(response)
}

function answerTo(library: Library, request: IncomingMessage): ReturnType<typeof answerFor> {
  const base = `http://${request.headers.host ?? ''}${ROOT}`
  const { pathname, searchParams: query } = new URL(request.url ?? '/', base)
  if (!pathname.startsWith(`${ROOT}/`)) return 404
  const path = pathname.slice(ROOT.length + 1).replace(/\/$/, '')
  return answerFor(library, { path, query, accept: request.headers.accept, base })
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status
  response.end()
}
