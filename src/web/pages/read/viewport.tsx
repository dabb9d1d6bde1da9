import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { Button, ToggleButton, ToggleButtonGroup } from 'react-aria-components'
import { PRESETS } from '../viewer/contract.js'
import type { Drawn, Preset, ToolName, Viewer } from '../viewer/contract.js'
import { instanceAt, seriesTitle } from './series.js'
import type { Series } from './series.js'
import { useKeys } from '../session/use-keys.js'

interface ViewportProps {
  readonly series: Series
  /** Whether every item of the case has been opened, so that no slice can still be added. */
  readonly isComplete: boolean
  readonly lacks: readonly string[]
  /** Where there are two. */
  readonly side?: 'left' | 'right'
  /** Whether keys are for this one. */
  readonly isActive?: boolean
  readonly onActivate?: () => void
  readonly onIndex?: (index: number) => void
  /** The image to show because the other viewport, to which it is linked, moved. */
  readonly follows?: number
}

const TOOLS: readonly (readonly [ToolName, string, string])[] = [
  ['window', 'Window', 'w'],
  ['pan', 'Pan', 'p'],
  ['zoom', 'Zoom', 'z'],
  ['length', 'Length', 'l'],
  ['angle', 'Angle', 'a'],
  ['region', 'Region', 'g'],
  ['value', 'Value', 'v'],
]

export function Viewport({ series, isComplete, lacks, isActive = true, ...other }: ViewportProps) {
  const box = useRef<HTMLDivElement>(null)
  const { viewer, drawn, failed } = useViewer(box, series)
  const [tool, setTool] = useState<ToolName>('window')
  const index = drawn?.index ?? 0
  useLink(viewer, drawn, other)
  const count = viewer?.count ?? 0
  const go = (to: number) => {
    if (count > 0) void viewer?.show(Math.max(0, Math.min(count - 1, to)))
  }
  const choose = (name: ToolName) => {
    setTool(name)
    viewer?.setTool(name)
  }
  const presets = PRESETS[series.modality] ?? []
  const keys = {
    ArrowDown: () => go(index + 1),
    ArrowUp: () => go(index - 1),
    PageDown: () => go(index + 10),
    PageUp: () => go(index - 10),
    Home: () => go(0),
    End: () => go(count - 1),
    i: () => viewer?.invert(),
    r: () => viewer?.rotate(),
    '0': () => viewer?.reset(),
    ...Object.fromEntries(TOOLS.map(([name, , key]) => [key, () => choose(name)])),
    ...Object.fromEntries(
      presets.map((preset, at) => [String(at + 1), () => viewer?.setWindow(preset)]),
    ),
  }
  useKeys(isActive ? keys : {})
  return (
    <section
      className="viewport"
      data-active={isActive}
      aria-label={`${other.side ?? ''} images of ${series.description || 'the series'}`.trim()}
      onPointerDown={other.onActivate}
      onFocus={other.onActivate}
    >
      <Toolbar {...{ viewer, tool, choose, presets }} />
      <div
        className="stage"
        onWheel={(event) => {
          other.onActivate?.()
          go(index + (event.deltaY > 0 ? 1 : -1))
        }}
        onContextMenu={(event) => event.preventDefault()}
      >
        <div ref={box} className="canvas" data-drawn={drawn?.isDrawn === true} />
        {drawn && <Overlay {...{ drawn, series, count, isComplete, lacks }} />}
        {failed && <p className="cover">This browser cannot show images: {failed}</p>}
      </div>
    </section>
  )
}

/** Tells which image is shown, and shows the one that belongs to the other viewport's. */
function useLink(
  viewer: Viewer | undefined,
  drawn: Drawn | undefined,
  { onIndex, follows }: Pick<ViewportProps, 'onIndex' | 'follows'>,
): void {
  const index = drawn?.index
  const tell = useEffectEvent((at: number) => onIndex?.(at))
  useEffect(() => {
    if (index !== undefined) tell(index)
  }, [index])
  useEffect(() => {
    if (follows !== undefined) void viewer?.show(follows)
  }, [viewer, follows])
}

interface ToolbarProps {
  readonly viewer: Viewer | undefined
  readonly tool: ToolName
  readonly choose: (name: ToolName) => void
  readonly presets: readonly Preset[]
}

function Toolbar({ viewer, tool, choose, presets }: ToolbarProps) {
  return (
    <div className="tools">
      <ToggleButtonGroup
        aria-label="Tool"
        selectedKeys={[tool]}
        disallowEmptySelection
        onSelectionChange={(keys) => {
          const found = TOOLS.find(([name]) => keys.has(name))
          if (found) choose(found[0])
        }}
      >
        {TOOLS.map(([name, text, key]) => (
          <ToggleButton key={name} id={name}>
            {text} <kbd>{key}</kbd>
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {presets.map((preset, at) => (
        <Button key={preset.name} onPress={() => viewer?.setWindow(preset)}>
          {preset.name} <kbd>{at + 1}</kbd>
        </Button>
      ))}
      <Button onPress={() => viewer?.reset()}>
        Reset <kbd>0</kbd>
      </Button>
    </div>
  )
}

interface OverlayProps extends Pick<ViewportProps, 'series' | 'isComplete' | 'lacks'> {
  readonly drawn: Drawn
  readonly count: number
}

function Overlay({ drawn, series, count, isComplete, lacks }: OverlayProps) {
  const { index, isDrawn, marks } = drawn
  const shown = instanceAt(series, index)
  const said = [
    shown?.facts.isLossy && 'lossy compressed',
    shown?.item.pixelsBlanked && 'text in the pixels was blanked',
    shown?.item.pixelsAtRisk && 'not checked for text in the pixels',
    shown?.facts.isDerived && 'derived image',
  ].filter((text) => typeof text === 'string')
  return (
    <>
      <p className="corner top-left">{seriesTitle(series)}</p>
      <p className="corner top-right" role="status">
        {index + 1} / {count}
        {!isComplete && ' (opening)'}
      </p>
      {lacks.length > 0 && <p className="corner bottom-left bad">Not whole: {lacks.join('; ')}</p>}
      {said.length > 0 && <p className="corner bottom-right">{said.join(', ')}</p>}
      {marks && (
        <div aria-label="Orientation" role="img">
          <span className="edge top">{marks.top}</span>
          <span className="edge bottom">{marks.bottom}</span>
          <span className="edge left-edge">{marks.left}</span>
          <span className="edge right-edge">{marks.right}</span>
        </div>
      )}
      {!isDrawn && (
        <p className="cover" role="alert">
          Image {index + 1} cannot be decoded. Nothing is shown in its place.
        </p>
      )}
    </>
  )
}

function useViewer(box: React.RefObject<HTMLDivElement | null>, series: Series) {
  const [viewer, setViewer] = useState<Viewer>()
  const [drawn, setDrawn] = useState<Drawn>()
  const [failed, setFailed] = useState('')
  useEffect(() => {
    const { current: element } = box
    if (!element) return
    let isGone = false
    let opened: Viewer | undefined
    const open = async () => {
      // A script of its own: it is larger than everything else together.
      const module = await import('../viewer.js')
      if (isGone) return
      opened = module.openViewer(element, setDrawn)
      setViewer(opened)
    }
    open().catch((error: unknown) => setFailed(String(error)))
    return () => {
      isGone = true
      opened?.close()
    }
  }, [box])
  const { instances } = series
  useEffect(() => {
    if (!viewer) return
    const images = instances.map(({ content, facts }) => ({ content, frames: facts.frames }))
    void viewer.setImages(images)
  }, [viewer, instances])
  return { viewer, drawn, failed }
}
