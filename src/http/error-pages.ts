/**
 * A page per catalogue code: what happened, what to do, whether retrying helps, and where the error
 * originates.
 */
import { CATALOGUE } from '../lib/errors.js'
import type { Code } from '../lib/errors.js'
import { isTransient } from '../protocol/http/problem.js'
import { errorsOf } from '../protocol/http/route.js'
import { ROUTES } from '../protocol/http/routes.js'

export function errorsPage(): string {
  const rows = Object.entries(CATALOGUE)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { status, title }]) =>
        `<tr><td><a href="/reference/errors/${code}"><code>${code}</code></a></td><td>${status}</td><td>${escape(title)}</td></tr>`,
    )
  return pageOf(
    'Error codes',
    `<p>The <code>code</code> of a problem document, of an item that was not accepted, or of a message of the <code>nocturne</code> command.</p>
<table><thead><tr><th>Code</th><th>Status</th><th>What happened</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`,
  )
}

export function errorPage(code: Code): string {
  const { status, title, hint, concernsItemAlone } = CATALOGUE[code]
  const routes = Object.entries(ROUTES)
    .filter(([key, route]) => errorsOf(key, route).includes(code))
    .map(([key]) => `<li><code>${escape(key)}</code></li>`)
  return pageOf(
    code,
    `<p>${escape(sentence(title))}</p>
<dl>
<dt>What to do</dt><dd>${escape(sentence(hint))}</dd>
<dt>Where</dt><dd>${concernsItemAlone ? 'As the code of one item in an upload; the other items are not affected.' : `As an error with HTTP status ${status}, or from the command.`}</dd>
<dt>Does repeating help?</dt><dd>${isTransient(code) ? 'Yes: send the same request again later, after the number of seconds in <code>Retry-After</code> if given.' : 'No, not without a change.'}</dd>
</dl>
${routes.length > 0 ? `<h2>Requests that return it</h2><ul>${routes.join('\n')}</ul>` : ''}
<p><a href="/reference/errors">All codes</a> · <a href="/reference">Reference</a></p>`,
  )
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

const pageOf = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${escape(title)} - Nocturne</title>
<link rel="stylesheet" href="/reference.css" />
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${body}
</main>
</body>
</html>
`

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (mark) => ENTITIES[mark] ?? mark)
