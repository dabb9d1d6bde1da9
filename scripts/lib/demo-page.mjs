/**
 * demo-page.mjs SITE URL: writes a page with a link to each role's page of the demo site, each with
 * its demo key in the fragment, and prints the page's path. For this user only: whoever can read it
 * can act as these people, at this demo site and nowhere else.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const [site, url] = process.argv.slice(2)

const PAGES = [
  ['reader-1', 'read', 'The radiologist: worklist, images, report'],
  ['facility-a', 'send', 'The facility: send a study, follow its cases, open reports'],
  ['officer-1', 'office', 'The officer: who did what, timelines, verification of the ledger'],
  ['operator-1', 'run', 'The operator: what needs attention, certificates, tokens, people'],
]

const link = ([principal, page, text]) => {
  const key = readFileSync(resolve(site, `demo-keys/${principal}.asc`)).toString('base64url')
  return `<li><a href="${url}/${page}#demo=${principal}:${key}">${text}</a> (${principal})</li>`
}

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Nocturne demo</title>
<h1>Nocturne demo</h1>
<p>Each link opens a page of the demo site with its demo key.</p>
<ul>
${PAGES.map(link).join('\n')}
</ul>
</html>
`
const file = resolve(site, 'demo.html')
writeFileSync(file, html, { mode: 0o600 })
console.log(file)
