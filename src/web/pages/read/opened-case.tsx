import { useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import { ListBox, ListBoxItem, ProgressBar } from 'react-aria-components'
import type { Opened } from './opening.js'
import { seriesOf } from './series.js'
import { Viewports } from './viewports.js'

interface OpenedCaseProps {
  readonly opened: Opened
  /** What stands beside the images. */
  readonly children: ReactNode
}

export function OpenedCase({ opened, children }: OpenedCaseProps) {
  const series = useMemo(() => seriesOf(opened.instances), [opened.instances])
  const [chosen, setChosen] = useState<string>()
  const shown = series.find(({ uid }) => uid === chosen) ?? series[0]
  // Before the manifests are read, nobody knows how much there is.
  const isOpening = opened.total === 0 || opened.done < opened.total
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
                {one.isPrior && <strong>Prior </strong>}
                <strong>{one.modality}</strong> {one.description || `Series ${one.number}`}
                <span className="quiet"> {one.images} images</span>
              </ListBoxItem>
            )}
          </ListBox>
        </nav>
        {shown ? (
          <Viewports all={series} shown={shown} isComplete={!isOpening} lacks={opened.lacks} />
        ) : (
          <p className="offer">{isOpening ? 'Opening…' : 'This case has no images.'}</p>
        )}
        {children}
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
