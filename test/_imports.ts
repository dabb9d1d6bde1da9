import { readFile, readdir } from 'node:fs/promises'
import { dirname, posix, relative, resolve, sep } from 'node:path'
import ts from 'typescript'

/** One import, re-export, dynamic import or import type in a source file. */
export interface ImportOf {
  /** Path of the importing file in `root`, with slashes. */
  readonly from: string
  readonly line: number
  readonly specifier: string
  /** Path of the imported file in `root` for relative ones, as `.ts`; undefined for packages and Node modules. */
  readonly to: string | undefined
  /** Nothing of it is left after compilation. */
  readonly isTypeOnly: boolean
  /** Loaded when it is come to, not when the importing file is. */
  readonly isDynamic: boolean
}

/** Stands for the specifier of a dynamic import that is put together at run time. */
export const COMPUTED = '(computed)'

/** All TypeScript files under `root`, as paths in it, with slashes. */
export async function sourceFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, resolve(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

/** Every import of one file, read from its syntax tree. */
export async function importsOf(root: string, file: string): Promise<ImportOf[]> {
  return importsIn(file, await readFile(resolve(root, file), 'utf8'))
}

/** The same of source text that would be in `file`. */
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

/** Under verbatimModuleSyntax only these leave nothing behind; `import { type A }` still loads the module. */
const isTypeImport = (clause: ts.ImportClause | undefined): boolean =>
  clause?.phaseModifier === ts.SyntaxKind.TypeKeyword

const isTypeExport = (node: ts.ExportDeclaration): boolean => node.isTypeOnly
