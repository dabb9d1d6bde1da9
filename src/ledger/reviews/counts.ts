/** How many events answer each question that compliance asks. */
import type { EventQuery } from '../log/contract.js'
import type { Ledger } from '../log/ledger.js'
import { QUESTIONS } from '../log/questions.js'
import type { Question } from '../log/questions.js'

export interface QuestionCounts {
  readonly questions: readonly {
    readonly question: Question
    readonly about: string
    readonly count: number
  }[]
  readonly end: number
}

/** How many events answer each question, all for one size of the log. */
export async function countQuestions(
  ledger: Pick<Ledger, 'checkpoint' | 'count'>,
  query: Pick<EventQuery, 'facility' | 'from' | 'until'>,
): Promise<QuestionCounts> {
  const end = Number((await ledger.checkpoint()).split('\n')[1])
  const questions: QuestionCounts['questions'][number][] = []
  for (const question of Object.keys(QUESTIONS) as Question[]) {
    const count = await ledger.count({ ...query, question }, end)
    questions.push({ question, about: QUESTIONS[question].about, count })
  }
  return { questions, end }
}
