import { useEffect, useState } from 'react'
import { Button } from 'react-aria-components'
import type { OpenedDocument } from '../opening.js'

/** More would make the page slow; the file can be saved. */
const MAX_TEXT = 200_000
const IMAGES = new Set(['image/png', 'image/jpeg'])

/** Requisition and other documents: text and pictures are shown, the rest is saved. */
export function Papers({ documents }: { readonly documents: readonly OpenedDocument[] }) {
  if (documents.length === 0) return <p className="quiet">This case has no documents.</p>
  return (
    <>
      {documents.map((one) => (
        <article key={one.name} className="paper">
          <h2>{one.name}</h2>
          <Content of={one} />
          <Button onPress={() => save(one)}>Save {one.name}</Button>
        </article>
      ))}
    </>
  )
}

/** Saving is the reader's own step: nothing reaches a disk before it. */
function save({ name, content }: OpenedDocument): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name.split('/').at(-1) ?? name
  link.click()
  URL.revokeObjectURL(link.href)
}

function Content({ of: { item, content } }: { readonly of: OpenedDocument }) {
  const type = item.mediaType.split(';', 1)[0] ?? ''
  if (type === 'text/plain') return <Text content={content} />
  if (IMAGES.has(type)) return <Picture content={content} />
  return <p className="quiet">{type || 'Unknown kind'}: not shown here.</p>
}

function Text({ content }: { readonly content: Blob }) {
  const [text, setText] = useState('')
  useEffect(() => {
    let isGone = false
    void content
      .slice(0, MAX_TEXT)
      .text()
      .then((read) => {
        if (!isGone) setText(read)
      })
    return () => {
      isGone = true
    }
  }, [content])
  return (
    <pre tabIndex={0}>
      {text}
      {content.size > MAX_TEXT && '\n… The rest is in the file.'}
    </pre>
  )
}

function Picture({ content }: { readonly content: Blob }) {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    const made = URL.createObjectURL(content)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [content])
  return address === undefined ? null : <img src={address} alt="Scanned document" />
}
