/** What the viewer's script offers to the pages, which load it when it is needed. */
export interface ViewerImage {
  /** One DICOM file. */
  readonly content: Blob
  readonly frames: number
}

export interface Window {
  readonly center: number
  readonly width: number
}

export interface Drawn {
  readonly index: number
  /** False: the image cannot be decoded, and nothing is shown in its place. */
  readonly isDrawn: boolean
  /** Letters at the edges; undefined where the image does not say how the patient lay. */
  readonly marks:
    | {
        readonly top: string
        readonly bottom: string
        readonly left: string
        readonly right: string
      }
    | undefined
}

/** `region` measures values in an ellipse, `value` in one pixel: of CT in Hounsfield units. */
export type ToolName = 'window' | 'pan' | 'zoom' | 'length' | 'angle' | 'region' | 'value'

export interface Viewer {
  /** Number of images, frames counted one by one. */
  readonly count: number
  /** May be called again with more images: the one that is shown stays. */
  setImages(images: readonly ViewerImage[]): Promise<void>
  show(index: number): Promise<void>
  setTool(name: ToolName): void
  setWindow(window: Window): void
  invert(): void
  rotate(): void
  reset(): void
  /** Forgets every image. */
  close(): void
}

export interface Preset extends Window {
  readonly name: string
}

/** Window presets by modality; the keys 1 to 6 select them. */
export const PRESETS: Readonly<Record<string, readonly Preset[]>> = {
  CT: [
    { name: 'Brain', center: 40, width: 80 },
    { name: 'Subdural', center: 75, width: 215 },
    { name: 'Soft tissue', center: 40, width: 400 },
    { name: 'Lung', center: -600, width: 1_500 },
    { name: 'Bone', center: 480, width: 2_500 },
    { name: 'Angio', center: 300, width: 600 },
  ],
}
