/**
 * One viewport on Cornerstone3D, loaded when the first study is opened. It shows either the image
 * that was asked for or a message: Cornerstone keeps the previous image when one cannot be decoded,
 * so the canvas is hidden until the right one has been drawn.
 */
import {
  Enums,
  RenderingEngine,
  cache,
  imageLoader,
  init as initCore,
  metaData,
} from '@cornerstonejs/core'
import type { Types } from '@cornerstonejs/core'
import loader from '@cornerstonejs/dicom-image-loader'
import {
  AngleTool,
  EllipticalROITool,
  Enums as ToolEnums,
  LengthTool,
  PanTool,
  ProbeTool,
  ToolGroupManager,
  WindowLevelTool,
  ZoomTool,
  addTool,
  annotation,
  init as initTools,
  utilities,
} from '@cornerstonejs/tools'
import type { Drawn, ToolName, Viewer, ViewerImage, Window } from './viewer/contract.js'

/** Pixel data that Cornerstone keeps decoded, in bytes. */
const CACHE_BYTES = 1_500 * 2 ** 20

/** Images decoded before and after the one that is shown. */
const AHEAD = 250

const CLASSES = [
  ...[WindowLevelTool, PanTool, ZoomTool],
  ...[LengthTool, AngleTool, EllipticalROITool, ProbeTool],
]
/** The names under which Cornerstone3D knows them. */
const NAMES: Readonly<Record<ToolName, string>> = {
  window: 'WindowLevel',
  pan: 'Pan',
  zoom: 'Zoom',
  length: 'Length',
  angle: 'Angle',
  region: 'EllipticalROI',
  value: 'Probe',
}

const { orientation } = utilities

let isReady = false
/** Viewers that are open; each is numbered, since Cornerstone3D knows everything by a name. */
const open = new Set<StackViewer>()
let last = 0

function prepare(): void {
  initCore()
  loader.init({ maxWebWorkers: 1, wasmBasePath: '/wasm' })
  cache.setMaxCacheSize(CACHE_BYTES)
  initTools()
  for (const tool of CLASSES) addTool(tool)
}

/** @param onDrawn called whenever another image, or a message instead of it, is shown */
export function openViewer(element: HTMLDivElement, onDrawn: (drawn: Drawn) => void): Viewer {
  if (!isReady) prepare()
  isReady = true
  last += 1
  const viewer = new StackViewer(`viewer-${last}`, element, onDrawn)
  open.add(viewer)
  return viewer
}

class StackViewer implements Viewer {
  readonly #element: HTMLDivElement
  readonly #onDrawn: (drawn: Drawn) => void
  /** Of its engine, viewport and tools. */
  readonly #name: string
  readonly #engine: RenderingEngine
  readonly #viewport: Types.IStackViewport
  readonly #resizing = new ResizeObserver(() => this.#engine.resize(true))
  #ids: readonly string[] = []
  readonly #known = new WeakMap<Blob, string>()
  /** Increases with each request, so that a late image does not replace a later one. */
  #request = 0
  #window: Window | undefined
  /** Undefined while nothing, or a message, is shown. */
  #drawn: { readonly index: number; readonly id: string } | undefined

  constructor(name: string, element: HTMLDivElement, onDrawn: (drawn: Drawn) => void) {
    this.#name = name
    this.#engine = new RenderingEngine(name)
    this.#element = element
    this.#onDrawn = onDrawn
    this.#engine.enableElement({
      viewportId: name,
      type: Enums.ViewportType.STACK,
      element,
      defaultOptions: { background: [0, 0, 0] },
    })
    this.#viewport = this.#engine.getViewport<Types.IStackViewport>(name)
    const group = ToolGroupManager.createToolGroup(name)
    for (const tool of Object.values(NAMES)) group?.addTool(tool)
    group?.addViewport(name, name)
    this.setTool('window')
    this.#resizing.observe(element)
  }

  async setImages(images: readonly ViewerImage[]): Promise<void> {
    const shown = this.#ids.length > 0 ? this.#viewport.getCurrentImageId() : undefined
    this.#ids = images.flatMap(({ content, frames }) => {
      const id = this.#idOf(content)
      return frames === 1
        ? [id]
        : Array.from({ length: frames }, (_, frame) => `${id}?frame=${frame + 1}`)
    })
    // Slices that arrive later go in between: the one that is looked at stays.
    await this.#show(Math.max(0, this.#ids.indexOf(shown ?? '')), true)
  }

  get count(): number {
    return this.#ids.length
  }

  show(index: number): Promise<void> {
    return this.#show(index, false)
  }

  async #show(index: number, isNewStack: boolean): Promise<void> {
    const id = this.#ids[index]
    if (id === undefined) return
    const request = (this.#request += 1)
    if (!cache.getImageLoadObject(id)) this.#hide()
    try {
      await imageLoader.loadAndCacheImage(id)
      if (request !== this.#request) return
      if (isNewStack) await this.#viewport.setStack([...this.#ids], index)
      else await this.#viewport.setImageIdIndex(index)
    } catch {
      if (request === this.#request) this.#fail(index)
      return
    }
    if (request !== this.#request) return
    if (this.#viewport.getCurrentImageId() !== id) {
      this.#fail(index)
      return
    }
    if (this.#window) this.setWindow(this.#window)
    this.#viewport.render()
    this.#element.style.visibility = 'visible'
    this.#drawn = { index, id }
    this.#tell()
    void this.#readAhead(index, request)
  }

  /** Decodes the neighbours, nearest first, until another image is asked for. */
  async #readAhead(index: number, request: number): Promise<void> {
    for (let by = 1; by <= AHEAD; by += 1)
      for (const id of [this.#ids[index + by], this.#ids[index - by]]) {
        if (request !== this.#request) return
        if (id !== undefined) await imageLoader.loadAndCacheImage(id).catch(() => undefined)
      }
  }

  #idOf(content: Blob): string {
    const id = this.#known.get(content) ?? loader.wadouri.fileManager.add(content)
    this.#known.set(content, id)
    return id
  }

  setTool(name: ToolName): void {
    const group = ToolGroupManager.getToolGroup(this.#name)
    if (!group) return
    for (const tool of Object.values(NAMES)) group.setToolPassive(tool)
    const { Primary, Secondary, Auxiliary } = ToolEnums.MouseBindings
    const buttons: [ToolName, ToolEnums.MouseBindings][] = [
      ['pan', Auxiliary],
      ['zoom', Secondary],
      [name, Primary],
    ]
    for (const tool of new Set(buttons.map(([one]) => one))) {
      const own = buttons.filter(([one]) => one === tool)
      const bindings = own.map(([, mouseButton]) => ({ mouseButton }))
      group.setToolActive(NAMES[tool], { bindings })
    }
  }

  setWindow(window: Window): void {
    this.#window = window
    const { center, width } = window
    const voiRange = { lower: center - width / 2, upper: center + width / 2 }
    this.#viewport.setProperties({ voiRange })
    this.#viewport.render()
  }

  invert(): void {
    const { invert = false } = this.#viewport.getProperties()
    this.#viewport.setProperties({ invert: !invert })
    this.#viewport.render()
  }

  rotate(): void {
    const { rotation = 0 } = this.#viewport.getViewPresentation()
    this.#viewport.setViewPresentation({ rotation: (rotation + 90) % 360 })
    this.#viewport.render()
    this.#tell()
  }

  reset(): void {
    this.#window = undefined
    this.#viewport.resetProperties()
    this.#viewport.resetCamera()
    this.#viewport.render()
    this.#tell()
  }

  close(): void {
    this.#request += 1
    this.#resizing.disconnect()
    ToolGroupManager.destroyToolGroup(this.#name)
    this.#engine.destroy()
    open.delete(this)
    if (open.size > 0) return
    annotation.state.removeAllAnnotations()
    loader.wadouri.fileManager.purge()
    loader.wadouri.dataSetCacheManager.purge()
    cache.purgeCache()
  }

  /** The letters at the edges belong to the image as it lies now: each turn of it changes them. */
  #tell(): void {
    if (!this.#drawn) return
    const { index, id } = this.#drawn
    this.#onDrawn({ index, isDrawn: true, marks: marksOf(id, this.#viewport) })
  }

  #hide(): void {
    this.#drawn = undefined
    this.#element.style.visibility = 'hidden'
  }

  #fail(index: number): void {
    this.#hide()
    this.#onDrawn({ index, isDrawn: false, marks: undefined })
  }
}

/** Letters at the edges of the image: which side of the patient is there (PS3.3 C.7.6.2.1.1). */
function marksOf(id: string, viewport: Types.IStackViewport): Drawn['marks'] {
  const plane = metaData.get('imagePlaneModule', id) as
    { rowCosines?: Types.Point3 | null; columnCosines?: Types.Point3 | null } | undefined
  if (!plane?.rowCosines || !plane.columnCosines) return undefined
  const { viewUp, viewPlaneNormal } = viewport.getCamera()
  if (!viewUp || !viewPlaneNormal) return undefined
  const [ux, uy, uz] = viewUp
  const [nx, ny, nz] = viewPlaneNormal
  const right: Types.Point3 = [uy * nz - uz * ny, uz * nx - ux * nz, ux * ny - uy * nx]
  const letters = (vector: Types.Point3) => orientation.getOrientationStringLPS(vector)
  const back = ([x, y, z]: Types.Point3): Types.Point3 => [-x, -y, -z]
  return {
    top: letters(viewUp),
    bottom: letters(back(viewUp)),
    right: letters(right),
    left: letters(back(right)),
  }
}
