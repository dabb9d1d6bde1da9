/** `send --seal-here`: seals on this machine, so that the gateway never sees the study. */
import { createReadStream } from 'node:fs'
import type { UploadAnswer } from '../../../protocol/http/transfers.js'
import { PRIORITIES } from '../../../protocol/priority.js'
import { CommandError, EXIT, fileError, usageError } from '../../command-error.js'
import type { Cli } from '../../command.js'
import { count, formatBytes } from '../../format.js'
import { withGateway } from '../../gateway-options.js'
import type { GatewayClient } from '../../client.js'
import type { Output } from '../../output.js'
import type { ReadyEdge } from '../../edge/facility-edge.js'
import type { LocalFile } from '../../sender/files.js'
import { CATALOGUE } from '../../../lib/errors.js'
import { createLogger } from '../../../lib/logger.js'
import type { Rooms } from '../../../gateway/rooms.js'
import type { Identity } from '../../../transfer/sealed/index.js'
import { show } from './send-files.js'
import type { Accounted, SendCommandOptions } from './send-files.js'

/**
 * Exit status as `send`; 4 when it is sealed here and the gateway cannot be reached now.
 *
 * @throws CommandError `edge_unknown`, `receipt_invalid`, `site_in_use`, and what sending throws
 */
export async function sendSealed(
  cli: Cli,
  output: Output,
  paths: readonly string[],
  options: SendCommandOptions,
): Promise<void> {
  const { accountFor } = await import('../../sender/left-out.js')
  const listed = await accountFor(paths, output, { skipsLinks: options.skipLinks === true })
  const { defaultEdge, expectEdge, readyEdge } = await import('../../edge/facility-edge.js')
  const dir = options.site ?? defaultEdge()
  await expectEdge(dir, options)
  await withGateway(options, cli, output, async (client) => {
    const ready = await readyEdge(dir, options, client, output)
    const { identityOf, openEdgeRooms } = await import('../../../edge/open.js')
    const rooms = await openEdgeRooms(ready.prepared, { logger: createLogger('silent') })
    try {
      const as = identityOf(rooms, ready.prepared.told)
      const answer = await sealFiles(rooms, ready, listed, options)
      const total = listed.files.reduce((sum, { size }) => sum + size, 0)
      const sent = `${count(listed.files.length, 'file')}, ${formatBytes(total)}`
      const report = { answer, paths: pathsOf(answer, listed.files) }
      show(output, { report, leftOut: listed.leftOut, sent }, true)
      await handOver({ rooms, as, ready, client, cli, output })
    } finally {
      await rooms.close()
    }
  })
}

async function sealFiles(
  rooms: Rooms,
  { prepared: { told } }: ReadyEdge,
  { files, missing }: Accounted,
  options: SendCommandOptions,
): Promise<UploadAnswer> {
  const facility = told.facility.id
  const upload = await rooms.beginUpload({
    actor: { id: facility, role: 'sender', method: 'site' },
    facility,
    group: groupOf(told, options.group),
    priority: PRIORITIES.find((one) => one === options.priority) ?? 'routine',
    ...{ missing, again: options.again === true },
  })
  try {
    for (const { path, at, mediaType: contentType } of files)
      await upload.take({ contentType, fileName: undefined, bytes: blocksOf(path, at) })
    const { items, ...answer } = await upload.commit({ complete: true })
    return { ...answer, items: items.map((one) => ({ ...one })) }
  } catch (error) {
    await upload.abandon(error)
    throw error
  }
}

async function* blocksOf(path: string, at: string | Buffer): AsyncGenerator<Buffer> {
  try {
    for await (const block of createReadStream(at, { highWaterMark: 256 * 1024 }))
      yield block as Buffer
  } catch (error) {
    throw fileError(path, error)
  }
}

/** @throws CommandError usage */
function groupOf({ groups }: ReadyEdge['prepared']['told'], named: string | undefined): string {
  const known = groups.map(({ id }) => id)
  const group = named ?? (known.length === 1 ? known[0] : undefined)
  if (group !== undefined && known.includes(group)) return group
  throw usageError('name one of the groups of the facility', `--group ${known.join(' or ')}`)
}

function pathsOf({ items }: UploadAnswer, files: readonly LocalFile[]) {
  const paths = new Map<number, string>()
  for (const { index, part = 0 } of items) {
    const file = files[part - 1]
    if (file) paths.set(index, file.path)
  }
  return paths
}

interface HandingOver {
  readonly rooms: Rooms
  readonly as: Identity
  readonly ready: ReadyEdge
  readonly client: GatewayClient
  readonly cli: Cli
  readonly output: Output
}

/** @throws CommandError exit status 4 while the line is cut */
async function handOver({ rooms, as, ready, client, cli, output }: HandingOver): Promise<void> {
  const [{ forwardWaiting }, { isAway, lineTo }] = await Promise.all([
    import('../../../edge/forward.js'),
    import('../../edge/line.js'),
  ])
  try {
    if ((await rooms.transfers.sealed.waiting(1)).length === 0) return
    if (!ready.trust) throw kept()
    const onRetry = () => output.warn('the gateway does not answer; trying again')
    const line = lineTo({ client, trust: ready.trust, signal: cli.signal, onRetry })
    const forwarded = await forwardWaiting(rooms, as, line, { signal: cli.signal })
    output.print(`sealed here; the gateway took over ${count(forwarded, 'transfer')}`)
  } catch (error) {
    throw isAway(error) ? kept(error) : error
  }
}

const kept = (cause?: unknown): CommandError =>
  new CommandError(`sealed and kept here: ${CATALOGUE.gateway_unreachable.title}`, {
    code: 'gateway_unreachable',
    hint: 'do not send the files again; the next send --seal-here hands over what waits',
    exit: EXIT.later,
    cause,
  })
