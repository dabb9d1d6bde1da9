import { describe, expect, it } from '@jest/globals'
import { ESLint, Linter } from 'eslint'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parser } from 'typescript-eslint'

const root = fileURLToPath(new URL('..', import.meta.url))
const RULE = 'no-restricted-syntax'

/** What the rule of that file, as configured, finds in a text. */
async function clocksIn(file: string, text: string): Promise<string[]> {
  const overrideConfigFile = join(root, '.config/eslint.config.mjs')
  const eslint = new ESLint({ cwd: root, overrideConfigFile })
  const config: Linter.Config = await eslint.calculateConfigForFile(join(root, file))
  const rule = config.rules?.[RULE] ?? 'off'
  const languageOptions = { parser }
  const found = new Linter().verify(
    text,
    [{ files: ['**'], languageOptions, rules: { [RULE]: rule } }],
    file,
  )
  return found.map(({ message }) => message)
}

const CLOCKS = [
  'const at = Date.now()',
  'const { now = Date.now } = options',
  'const { now } = Date',
  'const read = (at: Date = new Date()) => at',
  'const text = Date()',
]

describe('the lint rule about the real clock', () => {
  it.each(CLOCKS)('finds it in a room: %s', async (text) => {
    expect(await clocksIn('src/store/files-store.ts', text)).toEqual(['take `now` as an argument'])
  })

  it.each([
    'src/lib/ids.ts',
    'src/seal/keys/keys.ts',
    'src/doors/dimse/listen.ts',
    'src/http/request.ts',
    'src/transfer.ts',
    'src/reply.ts',
  ])('applies to %s', async (file) => {
    expect(await clocksIn(file, CLOCKS[0]!)).toHaveLength(1)
  })

  it.each(['src/running/work.ts', 'src/cli/main.ts', 'src/gateway.ts', 'src/gateway/ground.ts'])(
    'leaves the real clock to %s',
    async (file) => {
      expect(await clocksIn(file, CLOCKS[0]!)).toEqual([])
    },
  )

  it.each([
    'const at = new Date(now())',
    'const ms = Date.parse(text)',
    'const start = performance.now()',
    'const { now } = options',
  ])('allows a room to write: %s', async (text) => {
    expect(await clocksIn('src/store/files-store.ts', text)).toEqual([])
  })
})
