import type { Readable, Writable } from 'node:stream'
import { CommandError } from './command-error.js'

interface Terminal extends Readable {
  setRawMode?(isRaw: boolean): unknown
}

const MAX_LENGTH = 1_000

/**
 * One line from a terminal, which shows none of it.
 *
 * @throws CommandError `interrupted` for Ctrl-C and Ctrl-D
 */
export async function askSecret(
  question: string,
  terminal: Terminal,
  screen: Writable,
): Promise<string> {
  screen.write(question)
  terminal.setRawMode?.(true)
  try {
    return await readLine(terminal)
  } finally {
    terminal.setRawMode?.(false)
    terminal.pause()
    screen.write('\n')
  }
}

function readLine(terminal: Terminal): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder()
    let typed: string[] = []
    const end = (settle: () => void) => {
      terminal.off('data', take)
      terminal.off('end', stop)
      settle()
    }
    const stop = () =>
      end(() => {
        reject(new CommandError('interrupted', { code: 'interrupted', hint: 'run it again' }))
      })
    const take = (chunk: Buffer) => {
      for (const character of decoder.decode(chunk, { stream: true })) {
        if (character === '\r' || character === '\n') {
          end(() => resolve(typed.join('')))
          return
        }
        if (character === '\u0003' || character === '\u0004') {
          stop()
          return
        }
        if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1)
        else if (typed.length < MAX_LENGTH) typed.push(character)
      }
    }
    terminal.on('data', take)
    terminal.on('end', stop)
    terminal.resume()
  })
}
