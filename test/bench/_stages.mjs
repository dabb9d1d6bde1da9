/**
 * Where a process spends its time, by stage: from a V8 profile of its main thread, and the
 * processor time and bytes that Linux counted for it. V8 samples by the clock, so its samples are
 * used as shares of the counted time.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const TICK_MS = 10

/** Processor time in ms, and bytes read and written so far, of a process; Linux only. */
export function counted(pid) {
  const threads = readdirSync(`/proc/${pid}/task`).map((id) => {
    const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { isMain: Number(id) === pid, cpu: (Number(fields[11]) + Number(fields[12])) * TICK_MS }
  })
  const total = (some) => some.reduce((sum, { cpu }) => sum + cpu, 0)
  const io = readFileSync(`/proc/${pid}/io`, 'utf8')
  const bytes = (name) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1] ?? 0)
  return {
    main: total(threads.filter(({ isMain }) => isMain)),
    others: total(threads.filter(({ isMain }) => !isMain)),
    read: bytes('rchar'),
    written: bytes('wchar'),
  }
}

/** The difference of two countings. */
export const between = (before, after) =>
  Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]))

/** Microseconds of the clock that profiles use. */
export const monotonic = () => Number(process.hrtime.bigint() / 1_000n)

/** The folder under dist/ that did the work, directly or by calling Node, named as a stage. */
const STAGES = [
  [/^(doors|http|receive)\//, 'receive'],
  [/^(deidentify|dicom|pixels)\//, 'deidentify'],
  [/^seal\//, 'seal'],
  [/^store\//, 'store'],
  [/^(transfer|arrivals|gathering|intake|cases)/, 'transfer'],
  [/^(ledger|state)\//, 'ledger, database'],
]

/** Of the main thread between two times: the share of waiting, and the stages' shares of the rest. */
export function stagesOf(dir, { from, until }) {
  const time = new Map()
  let busy = 0
  let wait = 0
  for (const name of readdirSync(dir).filter((file) => file.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas, startTime } = JSON.parse(
      readFileSync(join(dir, name), 'utf8'),
    )
    const byId = new Map(nodes.map((node) => [node.id, node]))
    const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((c) => [c, id])))
    let at = startTime
    for (const [i, id] of samples.entries()) {
      at += timeDeltas[i]
      if (at < from || at > until) continue
      const what = byId.get(id).callFrame.functionName
      if (what === '(idle)') {
        wait += timeDeltas[i]
        continue
      }
      busy += timeDeltas[i]
      const stage = what === '(garbage collector)' ? 'collect garbage' : stageOf(id, byId, parents)
      time.set(stage, (time.get(stage) ?? 0) + timeDeltas[i])
    }
  }
  const shares = [...time].map(([stage, part]) => ({ stage, share: part / busy }))
  return { wait: wait / (wait + busy), shares: shares.sort((a, b) => b.share - a.share) }
}

function stageOf(id, byId, parents) {
  for (let at = id; at !== undefined; at = parents.get(at)) {
    const { url } = byId.get(at).callFrame
    const path = url.split('/dist/')[1]
    const found = path !== undefined && STAGES.find(([pattern]) => pattern.test(path))
    if (found) return found[1]
  }
  return 'Node and other'
}
