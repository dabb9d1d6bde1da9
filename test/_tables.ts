import ts from 'typescript'

/** Methods of a query whose first argument names a table, or several. */
const NAMING =
  /^(?:selectFrom|insertInto|replaceInto|updateTable|deleteFrom|mergeInto|(?:inner|left|right|full|cross)(?:Lateral)?Join)$/
const IN_SQL = /\b(?:from|join|into|update)\s+"?([a-z_]+)"?/gi
/** Tables of the database and of its migrations, which belong to no room. */
const SYSTEM = /^(?:sqlite_|pg_|kysely_|information_schema)/

/** The tables that source text names in queries and in raw SQL, in their order. */
export function tablesIn(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: { readonly at: number; readonly name: string }[] = []
  const add = (node: ts.Node, name: string) => {
    if (/^[a-z_]+$/.test(name) && !SYSTEM.test(name)) found.push({ at: node.getStart(), name })
  }
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      NAMING.test(node.expression.name.text)
    )
      for (const literal of literalsOf(node.arguments[0]))
        add(literal, literal.text.split(' ')[0] ?? '')
    else if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'sql')
      for (const [, name = ''] of node.template.getText().matchAll(IN_SQL)) add(node, name)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found.sort((a, b) => a.at - b.at).map(({ name }) => name)
}

function literalsOf(argument: ts.Node | undefined): readonly ts.StringLiteral[] {
  if (argument === undefined) return []
  if (ts.isStringLiteral(argument)) return [argument]
  return ts.isArrayLiteralExpression(argument) ? argument.elements.filter(ts.isStringLiteral) : []
}

/** The tables that interfaces named `…Tables` declare. */
export function tablesOf(text: string): string[] {
  const source = ts.createSourceFile('tables.ts', text, ts.ScriptTarget.Latest, true)
  return source.statements
    .filter(ts.isInterfaceDeclaration)
    .filter(({ name }) => name.text.endsWith('Tables'))
    .flatMap(({ members }) => members.map(({ name }) => name?.getText() ?? ''))
}
