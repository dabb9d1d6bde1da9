import { useMemo, useState } from 'react'
import { Button, ListBox, ListBoxItem, ProgressBar } from 'react-aria-components'
import type { Opened, OpenedDocument } from './opening.js'
import { seriesOf } from './series.js'
import { Viewport } from './viewport.js'

export function OpenedCase({ opened }: { readonly opened: Opened }) {
  const series = useMemo(() => seriesOf(opened.instances), [opened.instances])
  const [chosen, setChosen] = useState<string>()
  const shown = series.find(({ uid }) => uid === chosen) ?? series[0]
  const isOpening = opened.done < opened.total
  return (
    <>
      <Whole opened={opened} />
      <div className="desk">
        <nav aria-label="Series">
          {isOpening && (
            <ProgressBar
              aria-label="Opening"
              value={opened.done}
              maxValue={Math.max(1, opened.total)}
            >
              {() => `${opened.done} of ${opened.total} opened`}
            </ProgressBar>
          )}
          <ListBox
            aria-label="Series"
            items={series}
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={shown ? [shown.uid] : []}
            onSelectionChange={(keys) => {
              if (keys !== 'all') setChosen([...keys].map(String)[0])
            }}
          >
            {(one) => (
              <ListBoxItem id={one.uid} textValue={one.description}>
                <strong>{one.modality}</strong> {one.description || `Series ${one.number}`}
                <span className="quiet"> {one.images} images</span>
              </ListBoxItem>
            )}
          </ListBox>
          {opened.documents.length > 0 && <Documents documents={opened.documents} />}
        </nav>
        {shown ? (
          <Viewport key={shown.uid} series={shown} isComplete={!isOpening} lacks={opened.lacks} />
        ) : (
          <p className="offer">{isOpening ? 'Opening…' : 'This case has no images.'}</p>
        )}
      </div>
    </>
  )
}

/** What of the case is not there, or could not be opened. */
function Whole({ opened }: { readonly opened: Opened }) {
  const { lacks, failed, isAcknowledged } = opened
  return (
    <>
      {lacks.length > 0 && (
        <p className="problem" role="alert">
          <strong>This case is not whole:</strong> {lacks.join('; ')}.
        </p>
      )}
      {failed.length > 0 && (
        <p className="problem" role="alert">
          <strong>
            {failed.length === 1 ? 'One item' : `${failed.length} items`} could not be opened:
          </strong>{' '}
          {failed
            .slice(0, 5)
            .map(({ index, why }) => `item ${index}: ${why}`)
            .join(' ')}
        </p>
      )}
      {isAcknowledged && (
        <p className="quiet" role="status">
          Every item was opened and matches the signed manifest; the facility can see that.
        </p>
      )}
    </>
  )
}

/** Saving is the reader's own step: nothing reaches a disk before it. */
function Documents({ documents }: { readonly documents: readonly OpenedDocument[] }) {
  const save = ({ name, content }: OpenedDocument) => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(content)
    link.download = name.split('/').at(-1) ?? name
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <section aria-label="Documents">
      <h2>Documents</h2>
      <ul>
        {documents.map((one) => (
          <li key={one.name}>
            <Button onPress={() => save(one)}>Save {one.name}</Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
