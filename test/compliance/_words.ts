/** Reads a command that a next step prints, with its placeholders filled in as a person would. */
export function parseWords(
  line: string,
  { day, sha }: { readonly day: (days: number) => string; readonly sha: string },
): {
  readonly kind: string
  readonly replaces: string | undefined
  readonly fields: Readonly<Record<string, string>>
} {
  const words = line.match(/(?:[^\s"]|"[^"]*")+/g)?.map((word) => word.replaceAll('"', '')) ?? []
  const kind = words[words.indexOf('add') + 1] ?? ''
  const at = words.indexOf('--replaces')
  const sets = words.flatMap((word, i) => (words[i - 1] === '--set' ? [word] : []))
  const fields = Object.fromEntries(
    sets.map((set): [string, string] => {
      const name = set.slice(0, set.indexOf('='))
      const value = set.slice(name.length + 1)
      const isPast = ['signed', 'completed', 'questions', 'attested', 'effective', 'wiped']
      if (value === 'DATE') return [name, day(isPast.includes(name) ? -1 : 300)]
      if (value === 'SHA256') return [name, sha]
      if (value === 'FINGERPRINT') return [name, 'a1']
      return [name, value]
    }),
  )
  return { kind, replaces: at < 0 ? undefined : words[at + 1], fields }
}
