/** A gateway that is killed at random moments, and clients that insist on an answer. */
import { setTimeout as delay } from 'node:timers/promises'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call } from '../whole-way/_http.js'
import type { Answer, AnswerBody } from '../whole-way/_http.js'

const LEAST_ROUND_MS = 60
/** A gateway may take long to start on a busy machine; statements stay valid for five minutes. */
const PATIENCE_MS = 240_000

class Refused extends Error {}

export class KilledGateway {
  /** Undefined while it is down. */
  running: RunningGateway | undefined

  /**
   * Repeats exactly this request until it is answered, whatever happens to the gateway.
   *
   * @param isDone answers to a repeat that show that the first attempt had succeeded
   */
  async insist(
    path: string,
    token: string,
    json: unknown,
    isDone: readonly string[] = [],
  ): Promise<AnswerBody> {
    const until = Date.now() + PATIENCE_MS
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#post(path, token, json)
      if (answer && answer.status < 300) return answer.body
      const code = answer?.body.code ?? ''
      if (answer && attempt > 1 && isDone.includes(code)) return answer.body
      // Another attempt of this very request may still be under way.
      const isFinal = answer && answer.status !== 503 && code !== 'report_under_way'
      if (isFinal || Date.now() > until)
        throw new Refused(`${path}: ${String(answer?.status)} ${code}`)
      await delay(50)
    }
  }

  /**
   * Keeps all works going while the gateway is killed and started this often.
   *
   * @param steps how much was done so far: a slow machine gets the time to do something in each
   *   round
   */
  async killOften(
    site: TestSite,
    works: readonly (() => Promise<void>)[],
    options: {
      readonly kills: number
      readonly mostRoundMs: number
      readonly random: () => number
      readonly steps: () => number
    },
  ): Promise<void> {
    const { kills, mostRoundMs, random, steps } = options
    let isOver = false
    const working = works.map(async (once) => {
      while (!isOver) await once()
    })
    for (let round = 0; round < kills; round++) {
      while (steps() <= round) await delay(50)
      await delay(LEAST_ROUND_MS + random() * (mostRoundMs - LEAST_ROUND_MS))
      await this.stop('SIGKILL')
      this.running = await site.start()
    }
    isOver = true
    await Promise.all(working)
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    const stopped = this.running
    this.running = undefined
    await stopped?.stop(signal)
  }

  /** Undefined when no answer came. */
  #post(path: string, token: string, json: unknown): Promise<Answer | undefined> {
    if (!this.running) return Promise.resolve(undefined)
    return call(this.running, 'POST', path, { token, json }).catch(() => undefined)
  }
}
