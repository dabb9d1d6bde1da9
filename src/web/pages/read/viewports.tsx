import { useState } from 'react'
import { Button } from 'react-aria-components'
import { Choice } from '../session/choice.js'
import { useKeys } from '../session/use-keys.js'
import { counterpart, linkOf, suggestedBeside } from './beside.js'
import type { Link } from './beside.js'
import { seriesTitle } from './series.js'
import type { Series } from './series.js'
import { Viewport } from './viewport.js'

interface ViewportsProps {
  readonly all: readonly Series[]
  readonly shown: Series
  readonly isComplete: boolean
  readonly lacks: readonly string[]
}

type Side = 'left' | 'right'

/** One viewport, or two: a prior beside the current study, or two series of one study. */
export function Viewports({ all, shown, isComplete, lacks }: ViewportsProps) {
  const two = useTwo(all, shown)
  const { other, active, link } = two
  useKeys({
    b: two.toggle,
    ...(other && {
      x: () => two.setActive(active === 'left' ? 'right' : 'left'),
      y: two.toggleLink,
    }),
  })
  const common = { isComplete, lacks }
  return (
    <div className="viewports" data-two={other !== undefined}>
      <Viewport
        key={shown.uid}
        series={shown}
        {...common}
        {...(other && { side: 'left' })}
        isActive={!other || active === 'left'}
        onActivate={() => two.setActive('left')}
        onIndex={(left) => two.setAt((at) => ({ ...at, left }))}
        {...(link &&
          other &&
          active === 'right' && {
            follows: counterpart(other, two.at.right, shown, { ...link, by: -link.by }),
          })}
      />
      {other && (
        <Viewport
          key={`beside ${other.uid}`}
          series={other}
          {...common}
          side="right"
          isActive={active === 'right'}
          onActivate={() => two.setActive('right')}
          onIndex={(right) => two.setAt((at) => ({ ...at, right }))}
          {...(link &&
            active === 'left' && { follows: counterpart(shown, two.at.left, other, link) })}
        />
      )}
      <Beside {...{ all, shown, two }} />
    </div>
  )
}

function useTwo(all: readonly Series[], shown: Series) {
  const [beside, setBeside] = useState<string>()
  const [active, setActive] = useState<Side>('left')
  const [at, setAt] = useState({ left: 0, right: 0 })
  const [linked, setLinked] = useState<Link>()
  const other = all.find(({ uid }) => uid === beside)
  // A link is between two series: with another one in either place there is none.
  const link = linked?.left === shown.uid && linked.right === beside ? linked : undefined
  const toggle = () => {
    setBeside(other ? undefined : suggestedBeside(all, shown)?.uid)
    setActive('left')
  }
  const toggleLink = () =>
    setLinked(link || !other ? undefined : linkOf(shown, at.left, other, at.right))
  return { other, active, at, link, setBeside, setActive, setAt, toggle, toggleLink }
}

interface BesideProps extends Pick<ViewportsProps, 'all' | 'shown'> {
  readonly two: ReturnType<typeof useTwo>
}

function Beside({ all, shown, two: { other, link, toggle, toggleLink, setBeside } }: BesideProps) {
  if (!other)
    return suggestedBeside(all, shown) ? (
      <div className="beside">
        <Button onPress={toggle}>
          Another series beside it <kbd>b</kbd>
        </Button>
      </div>
    ) : null
  return (
    <div className="beside">
      <Choice
        label="Beside it"
        value={other.uid}
        options={all.map((one) => [one.uid, seriesTitle(one)])}
        onChange={setBeside}
      />
      <Button onPress={toggleLink}>
        {link ? 'Unlink' : 'Link where they are now'} <kbd>y</kbd>
      </Button>
      <Button onPress={toggle}>
        One viewport <kbd>b</kbd>
      </Button>
      <span className="quiet">
        <kbd>x</kbd> changes to the other one
      </span>
    </div>
  )
}
