/**
 * HTTP as any client would send it: fetch for ordinary requests, sockets for those that fetch
 * cannot send.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { expectDocumented } from '../http/_documented.js'
import type { RunningGateway, TestSite } from './_gateway.js'

export interface AnsweredItem {
  readonly index: number
  readonly kind: string
  readonly outcome: string
  readonly code?: string
  readonly hint?: string
}

/** Response members that tests look at; which are present depends on the request. */
export interface AnswerBody {
  readonly id: string
  readonly state: string
  readonly code: string
  readonly hint: string
  readonly items?: readonly AnsweredItem[]
  readonly receipt: string
  readonly [member: string]: unknown
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: AnswerBody
  readonly text: string
}

export async function call(
  gateway: Pick<RunningGateway, 'url'>,
  method: string,
  path: string,
  options: {
    readonly token?: string
    readonly json?: unknown
    readonly body?: FormData | string
    readonly headers?: Record<string, string>
  } = {},
): Promise<Answer> {
  const response = await fetch(gateway.url + path, {
    method,
    headers: {
      ...(options.token !== undefined && { Authorization: `Bearer ${options.token}` }),
      ...(options.json !== undefined && { 'Content-Type': 'application/json' }),
      ...options.headers,
    },
    ...(options.json !== undefined && { body: JSON.stringify(options.json) }),
    ...(options.body !== undefined && { body: options.body }),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  const isJson = /^[^;]*[/+]json\b/.test(type)
  expectDocumented({ method, path, status: response.status, type, text })
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (isJson && text !== '' ? JSON.parse(text) : {}) as AnswerBody,
  }
}

/** A form as `curl -F` would build it: fields first, then files. */
export async function form(
  fields: Readonly<Record<string, string>>,
  files: readonly (
    string | { readonly name: string; readonly bytes: Uint8Array; readonly type?: string }
  )[],
): Promise<FormData> {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  for (const file of files) {
    if (typeof file === 'string')
      data.append('files', new Blob([await readFile(file)]), basename(file))
    else
      data.append(
        'files',
        new Blob([new Uint8Array(file.bytes)], { type: file.type ?? '' }),
        file.name,
      )
  }
  return data
}

/** Sends files as facility-a to the group nights. */
export async function upload(
  site: TestSite,
  gateway: Pick<RunningGateway, 'url'>,
  files: Parameters<typeof form>[1],
  fields: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const token = await site.token('facility-a')
  return call(gateway, 'POST', '/v1/transfers', {
    token,
    // Each one is a study of its own, also with the files of another.
    body: await form({ group: 'nights', again: 'true', ...fields }, files),
  })
}
