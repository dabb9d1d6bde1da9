import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import fc from 'fast-check'
import { once } from 'node:events'
import { connect } from 'node:net'
import { NocturneError } from '../../src/lib/errors.js'
import type { UploadServer } from './_upload-server.js'
import { BOUNDARY, END, field, file, part, send, uploadServer } from './_upload-server.js'

const rejections: unknown[] = []
const note = (reason: unknown) => rejections.push(reason)
let server: UploadServer | undefined

beforeEach(() => {
  rejections.length = 0
  process.on('unhandledRejection', note)
  process.on('uncaughtExceptionMonitor', note)
})

afterEach(async () => {
  await server?.close()
  server = undefined
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  process.off('uncaughtExceptionMonitor', note)
  expect(rejections).toEqual([])
})

const CODE = /"code":"(\w+)"/
const codeOf = (answer: { body: string }) => CODE.exec(answer.body)?.[1]

describe('an upload', () => {
  it('hands over the fields first and then the parts, in order and unchanged', async () => {
    server = await uploadServer()
    const form = new FormData()
    form.append('group', 'nights')
    form.append('priority', 'stat')
    const contents = [Buffer.alloc(700_000, 1), Buffer.from('second'), Buffer.alloc(0)]
    contents.forEach((each, at) => {
      form.append('files', new Blob([each], { type: 'application/dicom' }), `é${at}.dcm`)
    })
    const answer = await fetch(server.url, { method: 'POST', body: form })
    expect(answer.status).toBe(201)
    expect(server.seen.fields).toEqual({ group: 'nights', priority: 'stat' })
    expect(server.seen.parts.map((each) => each.fileName)).toEqual(['é0.dcm', 'é1.dcm', 'é2.dcm'])
    expect(server.seen.parts.map((each) => each.contentType)).toEqual(
      Array(3).fill('application/dicom'),
    )
    server.seen.parts.forEach((each, at) => {
      expect(each.bytes.equals(contents[at]!)).toBe(true)
    })
  })

  it('has the same result however the body is split', async () => {
    const up = (server = await uploadServer())
    const body = Buffer.concat([
      field('group', 'nights'),
      file(Buffer.from(`\r\n--${BOUNDARY.slice(0, -1)} almost a boundary\r\n`)),
      file(''),
      part(
        ['Content-Disposition: form-data; name="files"', 'Content-Type: application/octet-stream'],
        'without a name',
      ),
      END,
    ])
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(body.length), { maxLength: 12 }), async (cuts) => {
        const edges = [0, ...[...cuts].sort((a, b) => a - b), body.length]
        const pieces = edges.slice(1).map((end, at) => body.subarray(edges[at], end))
        expect((await send(up.port, pieces)).status).toBe(201)
        expect(up.seen.fields).toEqual({ group: 'nights' })
        expect(up.seen.parts.map((each) => [each.fileName, each.bytes.toString()])).toEqual([
          ['a.dcm', `\r\n--${BOUNDARY.slice(0, -1)} almost a boundary\r\n`],
          ['a.dcm', ''],
          [undefined, 'without a name'],
        ])
      }),
      { numRuns: 60 },
    )
  })

  it('continues when the sink leaves parts unread', async () => {
    let count = 0
    server = await uploadServer({}, () => ({
      begin: () => Promise.resolve(),
      part: async ({ bytes }) => {
        count += 1
        if (count % 2) for await (const chunk of bytes) if (chunk.length > 0) break
      },
    }))
    const body = Array.from({ length: 20 }, (_, at) => file(Buffer.alloc(at * 100_000)))
    expect((await send(server.port, [...body, END])).status).toBe(201)
    expect(count).toBe(20)
  })

  it('applies back-pressure while the sink is busy, however small the parts are', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    server = await uploadServer({ requestItems: 100_000 }, (seen) => ({
      begin: () => held,
      part: async ({ bytes, ...about }) => {
        for await (const chunk of bytes) expect(chunk.length).toBeGreaterThan(0)
        seen.parts.push({ ...about, bytes: Buffer.alloc(0) })
      },
    }))
    let sent = 0
    function* pieces() {
      for (let at = 0; at < 4000; at += 1) {
        sent += 1
        yield file(Buffer.alloc(10_000))
      }
      yield END
    }
    const answer = send(server.port, pieces())
    // What fits in the sockets' buffers may be sent, but not all 40 MB: sending stops and does not
    // resume.
    let before = -1
    while (before !== sent) {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(sent).toBeLessThan(2000)
    release()
    expect((await answer).status).toBe(201)
    expect(server.seen.parts).toHaveLength(4000)
  })

  it('does not count time spent by the sink as silence of the client', async () => {
    server = await uploadServer({ idleSeconds: 1 }, () => ({
      begin: () => new Promise((resolve) => setTimeout(resolve, 2500)),
      part: async ({ bytes }) => {
        for await (const chunk of bytes) expect(chunk.length).toBeGreaterThan(0)
      },
    }))
    const body = Array.from({ length: 40 }, () => file(Buffer.alloc(100_000)))
    expect((await send(server.port, [...body, END])).status).toBe(201)
  })
})

describe('a request that is refused', () => {
  const REFUSED: readonly (readonly [string, Buffer[], string])[] = [
    ['an unknown field', [field('Planted', 'x'), file('x'), END], 'unexpected_part'],
    ['a field after a file', [file('x'), field('group', 'nights'), END], 'unexpected_part'],
    ['a repeated field', [field('group', 'a'), field('group', 'b'), file('x'), END], 'bad_field'],
    ['a field that is too long', [field('group', 'a'.repeat(1000)), file('x'), END], 'bad_field'],
    ['a huge field', [field('group', 'a'.repeat(5_000_000)), file('x'), END], 'bad_field'],
    ['a file under another name', [file('x', 'a.dcm', 'other'), END], 'unexpected_part'],
    ['files sent as a text field', [field('files', 'x'), END], 'unexpected_part'],
    [
      'a part without a name',
      [part(['Content-Disposition: form-data'], 'x'), END],
      'unexpected_part',
    ],
    ['no parts', [END], 'no_files'],
    ['fields alone', [field('group', 'nights'), END], 'no_files'],
    ['an empty body', [], 'no_files'],
    ['no closing boundary', [file('x')], 'broken_multipart'],
    ['an end within a file', [file('x').subarray(0, -3)], 'broken_multipart'],
    ['an end within a header', [Buffer.from(`--${BOUNDARY}\r\nContent-Dis`)], 'broken_multipart'],
    ['another boundary', [Buffer.from('--other\r\nx\r\n--other--\r\n')], 'broken_multipart'],
    ['a malformed header', [part(['no colon here \x01'], 'x'), END], 'broken_multipart'],
    [
      'an oversized header',
      [part([`X-Long: ${'a'.repeat(70_000)}`], 'x'), END],
      'broken_multipart',
    ],
    [
      'a part without a Content-Disposition',
      [file('x'), part(['X-A: b'], 'lost'), END],
      'broken_multipart',
    ],
    [
      'data that looks like a delimiter',
      [file(`before\r\n--${BOUNDARY}after`), END],
      'broken_multipart',
    ],
  ]

  it.each(REFUSED)('has a specific code for %s', async (_, body, code) => {
    server = await uploadServer()
    const answer = await send(server.port, body)
    expect(codeOf(answer)).toBe(code)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.body).not.toContain('Planted')
  })

  it.each([
    ['application/json', 'not_multipart'],
    ['multipart/related; boundary=x', 'not_multipart'],
    ['multipart/form-data-not; boundary=x', 'not_multipart'],
    ['multipart/form-data', 'broken_multipart'],
  ])('takes no %s', async (contentType, code) => {
    server = await uploadServer()
    expect(codeOf(await send(server.port, [file('x'), END], { contentType }))).toBe(code)
  })

  it('is answered at the limit of files, without reading the rest', async () => {
    server = await uploadServer({ requestItems: 100 })
    let sent = 0
    function* pieces() {
      for (let at = 0; at < 10_000; at += 1) {
        sent += 1
        yield file(Buffer.alloc(20_000))
      }
      yield END
    }
    expect(codeOf(await send(server.port, pieces()))).toBe('too_many_items')
    expect(server.seen.parts.length).toBeLessThanOrEqual(100)
    expect(sent).toBeLessThan(10_000)
  })

  it('is answered at the limit when 10,000 tiny parts arrive at once', async () => {
    server = await uploadServer({ requestItems: 100 })
    const body = Buffer.concat([...Array.from({ length: 10_000 }, () => file('x')), END])
    expect(codeOf(await send(server.port, [body]))).toBe('too_many_items')
  })

  it('is answered before the client has finished, when the sink refuses', async () => {
    for (const step of ['begin', 'part'] as const) {
      await server?.close()
      server = await uploadServer({}, () => ({
        begin: () =>
          step === 'begin' ? Promise.reject(new NocturneError('unknown_group')) : Promise.resolve(),
        part: () => Promise.reject(new NocturneError('unknown_group')),
      }))
      const answer = await send(server.port, [file('x'.repeat(100)), file('y')], { halt: true })
      expect(codeOf(answer)).toBe('unknown_group')
    }
  })

  it('does not call the sink after it has settled', async () => {
    let isSettled = false
    const late = jest.fn()
    server = await uploadServer({ requestItems: 3 }, () => ({
      begin: () => Promise.resolve(),
      part: async ({ bytes }) => {
        if (isSettled) late()
        for await (const chunk of bytes) expect(chunk).toBeDefined()
        await new Promise((resolve) => setTimeout(resolve, 20))
        if (isSettled) late()
      },
    }))
    void server.settled().then(() => {
      isSettled = true
    })
    const body = Array.from({ length: 10 }, () => file(Buffer.alloc(50_000)))
    expect(codeOf(await send(server.port, [...body, END]))).toBe('too_many_items')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(late).not.toHaveBeenCalled()
  })

  it('is aborted when the client falls silent, at any point', async () => {
    const places = [
      [],
      [Buffer.from(`--${BOUNDARY}\r\nContent-Disp`)],
      [file(Buffer.alloc(300_000)).subarray(0, 200_000)],
      [file('x')],
    ]
    server = await uploadServer({ idleSeconds: 0.5 })
    for (const place of places) {
      const answer = await send(server.port, place, { halt: true })
      expect(codeOf(answer)).toBe('slow_client')
      expect(answer.status).toBe(408)
    }
    expect((await send(server.port, [file('x'), END])).status).toBe(201)
  })

  it('is aborted when the client disconnects', async () => {
    const read = jest.fn()
    server = await uploadServer({}, () => ({
      begin: () => Promise.resolve(),
      part: async ({ bytes }) => {
        try {
          for await (const chunk of bytes) expect(chunk).toBeDefined()
        } catch (error) {
          read(error instanceof NocturneError && error.code)
          throw error
        }
      },
    }))
    const settled = server.settled()
    const socket = connect(server.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n' +
        `Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\n\r\n`,
    )
    socket.write(file(Buffer.alloc(300_000)).subarray(0, 200_000))
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.destroy()
    await settled
    expect(server.seen.outcome).toBe('broken_multipart')
    expect(read).toHaveBeenCalledWith('broken_multipart')
  })
})
