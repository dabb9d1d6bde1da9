/**
 * The comparison of many files as one page: a local file, without scripts or external resources.
 */
import type { DiffRow, Mark } from './diff.js'

export interface ComparedFile {
  readonly file: string
  readonly rows: readonly DiffRow[]
  /** Why there is no output for the file, if so. */
  readonly problem: string | undefined
}

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.4 system-ui,sans-serif;margin:1rem}
table{border-collapse:collapse;width:100%;table-layout:fixed}caption{text-align:left;padding:.3rem 0}
th,td{border:1px solid #8888;padding:.2rem .4rem;text-align:left;vertical-align:top;overflow-wrap:anywhere;white-space:pre-wrap}
thead th{position:sticky;top:0;background:Canvas}col.attribute{width:26%}col.mark{width:6rem}
tr.removed{background:#e0303028}tr.replaced{background:#e0a00028}tr.added{background:#30a04028}
summary{cursor:pointer;padding:.3rem 0}.path{opacity:.7;font-size:85%}`

const NAMES: Readonly<Record<Mark, string>> = {
  kept: 'kept',
  removed: 'removed',
  replaced: 'replaced',
  added: 'added',
}

const escaped = (text: string): string =>
  text
    .replace(/[&<>"']/g, (one) => `&#${String(one.charCodeAt(0))};`)
    // Characters that could change the text direction, or that are invisible.
    .replace(/[\p{Cc}\p{Cf}]/gu, (one) => (one === '\n' || one === '\t' ? one : '\ufffd'))

/** Yields HTML; `files` are read one at a time, as they are produced. */
export async function* diffPage(
  profile: string,
  files: AsyncIterable<ComparedFile>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(head(profile))
  for await (const file of files) yield Buffer.from(section(file))
  yield Buffer.from('</main></html>\n')
}

const head = (
  profile: string,
): string => `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<title>Before and after de-identification</title><style>${STYLE}</style><main>
<h1>Before and after de-identification with ${escaped(profile)}</h1>
<p>The column “Before” says who the patient is. Delete this page when you have looked at it.</p>
`

function section({ file, rows, problem }: ComparedFile): string {
  if (problem !== undefined)
    return `<section><h2>${escaped(file)}</h2><p>No output was produced: ${escaped(problem)}</p></section>\n`
  const counts = (Object.keys(NAMES) as Mark[])
    .map((mark) => `${String(rows.filter((row) => row.mark === mark).length)} ${NAMES[mark]}`)
    .join(', ')
  return `<section><h2>${escaped(file)}</h2><details open><summary>${counts}</summary>
<table><caption>Elements of ${escaped(file)}</caption><colgroup><col class="attribute"><col class="mark"><col><col></colgroup>
<thead><tr><th scope="col">Attribute</th><th scope="col">Change</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
<tbody>
${rows.map(rowOf).join('')}</tbody></table></details></section>
`
}

const rowOf = ({ path, keyword, mark, before, after }: DiffRow): string =>
  `<tr class="${mark}"><th scope="row">${escaped(keyword ?? 'not listed')}<br><span class="path">${escaped(path)}</span></th>` +
  `<td>${NAMES[mark]}</td><td>${escaped(before ?? '')}</td><td>${escaped(after ?? '')}</td></tr>\n`
