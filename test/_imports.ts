import { readFile, readdir } from 'node:fs/promises'
import { dirname, posix, relative, resolve, sep } from 'node:path'
import ts from 'typescript'

/** An import, re-export, dynamic import or type import in a source file. */
export interface ImportOf {
  /** Path of the importing file relative to `root`, with slashes. */
  readonly from: string
  readonly line: number
  readonly specifier: string
  /**
   * Path relative to `root` of a file imported by relative path, as `.ts`; undefined for packages
   * and Node modules.
   */
  readonly to: string | undefined
  /** True if nothing of it remains after compilation. */
  readonly isTypeOnly: boolean
  /** True if it is loaded when execution reaches it, not when the importing file is. */
  readonly isDynamic: boolean
}

/** Replaces the specifier of a dynamic import that is computed at run time. */
export const COMPUTED = '(computed)'

/** All TypeScript files under `root`, as relative paths with slashes. */
export async function sourceFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, resolve(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

/** Every import of one of these files, found in its syntax tree. */
export async function importsOf(
  root: string,
  file: string,
  files: readonly string[],
): Promise<ImportOf[]> {
  const imports = importsIn(file, await readFile(resolve(root, file), 'utf8'))
  return imports.map((one) => {
    const page = `${one.to ?? ''}x`
    return one.to !== undefined && files.includes(page) ? { ...one, to: page } : one
  })
}

/** The imports in a source text, as if it were in `file`. */
export function importsIn(file: string, text: string): ImportOf[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: ImportOf[] = []
  const add = (node: ts.Node, specifier: string, isTypeOnly: boolean) => {
    const isDynamic = ts.isCallExpression(node)
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
    const to = specifier.startsWith('.')
      ? posix.join(dirname(file), specifier).replace(/\.js$/, '.ts')
      : undefined
    found.push({ from: file, line, specifier, to, isTypeOnly, isDynamic })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
      add(node, node.moduleSpecifier.text, isTypeImport(node.importClause))
    else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    )
      add(node, node.moduleSpecifier.text, isTypeExport(node))
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { literal } = node.argument
      if (ts.isStringLiteral(literal)) add(node, literal.text, true)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      add(node, argument && ts.isStringLiteral(argument) ? argument.text : COMPUTED, false)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Under verbatimModuleSyntax only these are erased; `import { type A }` still loads the module. */
const isTypeImport = (clause: ts.ImportClause | undefined): boolean =>
  clause?.phaseModifier === ts.SyntaxKind.TypeKeyword

const isTypeExport = (node: ts.ExportDeclaration): boolean => node.isTypeOnly

/** The names that a face exports, and all its statements that are not re-exports by name. */
export function faceOf(text: string): { names: string[]; others: string[] } {
  const source = ts.createSourceFile('index.ts', text, ts.ScriptTarget.Latest, true)
  const names: string[] = []
  const others: string[] = []
  for (const statement of source.statements) {
    const isReExport = ts.isExportDeclaration(statement) && statement.moduleSpecifier
    const clause = isReExport ? statement.exportClause : undefined
    if (clause && ts.isNamedExports(clause))
      names.push(...clause.elements.map((one) => one.name.text))
    else others.push(statement.getText().slice(0, 60))
  }
  return { names, others }
}

/**
 * Every cycle among files, as a sorted list of its files: strongly connected components, found by
 * Tarjan's algorithm.
 */
export function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  const visit = (file: string): void => {
    index.set(file, index.size)
    low.set(file, index.get(file)!)
    open.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!index.has(next)) visit(next)
      if (open.includes(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!))
    }
    if (low.get(file) !== index.get(file)) return
    const circle = open.splice(open.indexOf(file))
    if (circle.length > 1 || graph.get(file)?.includes(file)) circles.push(circle.sort())
  }
  for (const file of graph.keys()) if (!index.has(file)) visit(file)
  return circles
}
