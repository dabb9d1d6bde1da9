/**
 * What the XML of an Office document loads or runs. Read as it passes, tag by tag; however long the
 * part is, a few kilobytes are held.
 */

/** Types of parts and relationships (ECMA-376 parts 1 and 2). */
const RELATED =
  /macroEnabled|macrosheet|vbaProject|activeX|oleObject|relationships\/package\b|aFChunk|attachedTemplate|webextension|encryption-data/i
/** Elements and addresses of both families, in any part. */
const ACTIVE =
  /<(?:[\w.-]+:)?(?:ddeLink|dde-connection|dde-source|object-ole|plugin|applet|floating-frame)\b|<script:(?:module|library)\b|["'](?:vnd\.sun\.star\.(?:script|expand)|macro):|<!ENTITY|<!DOCTYPE[^>]*\[/i

/** Tags are looked at whole: a part with a longer one is held. */
const MAX_TAG = 1 << 16
/** Comments, sections and instructions; elements that name what is fetched. */
const TAG =
  /<(?:([!?])|(\/?)(?:[\w.-]+:)?(Relationship|instrText|fldSimple|fldChar)\b([^<]*?)\/?>([^<]*))/g
const EXTERNAL = /\bTargetMode\s*=\s*["']\s*External/i
/** A hyperlink is followed only when somebody clicks on it. */
const HYPERLINK = /(?:^|\s)Type\s*=\s*(?:"[^"]*\/hyperlink"|'[^']*\/hyperlink')/
/** Fields that fetch or start something (ECMA-376 part 1, 17.16.5). */
const FIELD = /(?:^|\n)\W*(?:DDE|INCLUDE|LINK|IMPORT)/i
/** Of an instruction, which may be cut into many pieces. */
const INSTRUCTION = 200

export interface MarkupWatch {
  /** Whether something active was seen. */
  push(chunk: Buffer): boolean
  end(): boolean
}

/** @param isRelated a part of relationships, or of the types of all parts */
export function watchMarkup(isRelated: boolean): MarkupWatch {
  let rest = ''
  let instruction = ''
  let isWithin = false

  const isActive = (text: string): boolean => {
    if (ACTIVE.test(text) || (isRelated && RELATED.test(text))) return true
    for (const [, other, end, name, attributes = '', content = ''] of text.matchAll(TAG)) {
      // Nothing cuts the text of an instruction but what is to hide it.
      if (other !== undefined && isWithin) return true
      isWithin = name === 'instrText' && end === ''
      if (name === 'Relationship' && EXTERNAL.test(attributes) && !HYPERLINK.test(attributes))
        return true
      if (isWithin) instruction += content
      if (name === 'fldChar' || name === 'fldSimple')
        instruction += `\n${/instr\s*=\s*["']([^"']*)/.exec(attributes)?.[1] ?? ''}`
      if (FIELD.test(instruction)) return true
      instruction = instruction.slice(-INSTRUCTION)
    }
    return false
  }

  return {
    push: (chunk) => {
      // UTF-16 is read as well: the NULs between its letters are left out.
      const text = rest + chunk.toString('latin1').replaceAll('\0', '')
      // The content of the last tag may continue.
      const cut = Math.max(0, text.lastIndexOf('<'))
      rest = text.slice(cut)
      if (rest.length > MAX_TAG) {
        if (!rest.includes('>')) return true
        // Long text, such as a picture in base64, ends no tag and begins none.
        rest = rest.slice(0, rest.indexOf('>') + 1) + rest.slice(-INSTRUCTION)
      }
      return isActive(plain(text.slice(0, cut)))
    },
    end: () => isActive(plain(rest)),
  }
}

/** Without what hides a word from a search: character references, and `>` within an attribute. */
const plain = (text: string): string =>
  text
    .replace(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));/gi, (_, hex?: string, decimal?: string) =>
      letter(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
    )
    .replace(/=\s*("[^"<]*"|'[^'<]*')/g, (value) => value.replaceAll('>', ' '))

/** One that is no letter cannot be part of a word; `<` and quotes would change the tags. */
const letter = (code: number): string =>
  code > 0x2c && code < 0x7f && code !== 0x3c && code !== 0x3e ? String.fromCharCode(code) : ' '
