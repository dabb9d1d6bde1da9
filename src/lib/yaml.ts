import { LineCounter, isNode, parseDocument } from 'yaml'
import type { ErrorCode } from 'yaml'

export interface YamlProblem {
  /** `nocturne.yaml:12:3`, or the file's name. */
  readonly path: string
  readonly line?: number
  readonly problem: string
  readonly hint: string
}

export interface YamlReading {
  /** The plain value; undefined when the meaning of the text is uncertain. */
  readonly value: unknown
  readonly problems: readonly YamlProblem[]
  /** The line, from 1, of the value at this path or of the nearest value around it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined
}

/**
 * YAML 1.2 with the core schema, so `no` and `12:30` stay text. The texts are our own: the parser's
 * messages quote the file, and a file may contain a secret by mistake.
 */
export function readYaml(text: string, file: string, example: string): YamlReading {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'silent',
  })
  const problems = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0])
    const [problem, hint] = wordsFor(error.code, example)
    return { path: `${file}:${line}:${col}`, line, problem, hint }
  })
  // A duplicate key leaves the rest readable; any other error may have shifted what follows.
  const isReadable = document.errors.every((error) => error.code === 'DUPLICATE_KEY')
  const lineOf = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return undefined
  }
  if (!isReadable) return { value: undefined, problems, lineOf }
  try {
    // No aliases: configuration does not need them, and they can make a small file large.
    const value: unknown = document.toJS({ maxAliasCount: 0 })
    return { value, problems, lineOf }
  } catch {
    const alias = {
      path: file,
      problem: 'uses an alias (*name)',
      hint: 'write the value out where it is needed',
    }
    return { value: undefined, problems: [...problems, alias], lineOf }
  }
}

function wordsFor(code: ErrorCode, example: string): readonly [problem: string, hint: string] {
  switch (code) {
    case 'DUPLICATE_KEY':
      return ['this key appears twice', 'keep only one of them']
    case 'TAB_AS_INDENT':
      return ['the line is indented with a tab', 'indent with spaces']
    case 'BAD_INDENT':
      return [
        'the indentation is inconsistent',
        'indent all entries of a list or map equally, with spaces',
      ]
    case 'MISSING_CHAR':
      return [
        'a colon, comma, quote or bracket is missing',
        'check the end of this line and of the line before, and close what was opened',
      ]
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_IN_FLOW':
      return [
        'a key or bracket continues past the end of its line',
        'close the bracket or quote, and write each key on a line of its own',
      ]
    case 'BAD_ALIAS':
    case 'ALIAS_PROPS':
      return ['a value that starts with * or & is not text', 'put the value in quotes']
    case 'BAD_SCALAR_START':
      return ['a value starts with a character that YAML reserves', 'put the value in quotes']
    case 'TAG_RESOLVE_FAILED':
      return ['an unknown tag (!name) is used', 'remove the tag, or put the value in quotes']
    case 'MULTIPLE_DOCS':
      return [
        'there is more than one document in the file',
        'remove the line `---` and everything after it',
      ]
    default:
      return [
        'the file is not valid YAML',
        `compare it with ${example}, and put text that contains : # [ ] { } in quotes`,
      ]
  }
}
