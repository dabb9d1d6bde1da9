/**
 * Asks for one small range after another on many connections, in a process of its own, so that what
 * others wait for is the gateway and not the attacker. Without a token, it opens connections and
 * closes them at once.
 *
 * `node _flood.mjs URL TOKEN CONNECTIONS MILLISECONDS` prints how often each status was answered,
 * or how many connections were opened.
 */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'

const [, , url = '', token = '', connections = '1', ms = '1000'] = process.argv
const until = Date.now() + Number(ms)
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })
const statuses = {}

const ask = (at) =>
  new Promise((resolve) => {
    const headers = { Authorization: `Bearer ${token}`, Range: `bytes=${at}-${at + 10}` }
    const asked = request(url, { agent, headers }, (response) => {
      response.resume().once('close', () => resolve(response.statusCode))
    })
    // Beyond its share of connections, some are closed.
    asked.once('error', () => resolve(0)).end()
  })

async function touch() {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname, () => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'close')
  return 'opened'
}

async function flood(at) {
  while (Date.now() < until) {
    const status = token === '' ? await touch() : await ask(at)
    statuses[status] = (statuses[status] ?? 0) + 1
  }
}

await Promise.all(Array.from({ length: Number(connections) }, (_, at) => flood(at)))
agent.destroy()
console.log(JSON.stringify(statuses))
