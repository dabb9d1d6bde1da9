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
  /** The plain value; undefined when the text cannot be trusted to mean what it seems to. */
  readonly value: unknown
  readonly problems: readonly YamlProblem[]
  /** The line, from 1, on which the value at this path stands, or the nearest one around it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined
}

/**
 * YAML 1.2 with the core schema, so `no` and `12:30` stay text. The texts are our own: the parser's
 * messages quote the file, and a file may hold a secret that does not belong there.
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
  // A key given twice leaves the rest readable; anything else may have moved what follows.
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
    // No aliases: nobody needs one here, and they can make a small file large.
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
      return ['the same key stands here twice', 'keep one of them']
    case 'TAB_AS_INDENT':
      return ['a tab is used for indentation', 'indent with spaces']
    case 'BAD_INDENT':
      return [
        'the indentation does not fit',
        'indent entries of one list or map alike, with spaces',
      ]
    case 'MISSING_CHAR':
      return [
        'a colon, comma, quote or bracket is missing',
        'look at the end of this line and the one before: close what was opened',
      ]
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_IN_FLOW':
      return [
        'a key or a bracket goes on over the end of its line',
        'close the bracket or quote, and write each key on a line of its own',
      ]
    case 'BAD_ALIAS':
    case 'ALIAS_PROPS':
      return ['a value that starts with * or & is not text', 'put the value in quotes']
    case 'BAD_SCALAR_START':
      return ['a value starts with a sign that YAML keeps for itself', 'put the value in quotes']
    case 'TAG_RESOLVE_FAILED':
      return ['a tag (!name) is not known', 'leave the tag out, or put the value in quotes']
    case 'MULTIPLE_DOCS':
      return [
        'there is more than one document in the file',
        'remove the line `---` and what follows',
      ]
    default:
      return ['this is not YAML', `compare it with ${example}; quote text that holds : # [ ] { }`]
  }
}
