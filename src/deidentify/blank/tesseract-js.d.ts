/**
 * Types for the part of tesseract.js used here, declared because the package is optional and the
 * code must compile without it.
 */
declare module 'tesseract.js' {
  export interface Word {
    readonly text: string
    /** From 0 to 100. */
    readonly confidence: number
    /** The last row and column are exclusive. */
    readonly bbox: {
      readonly x0: number
      readonly y0: number
      readonly x1: number
      readonly y1: number
    }
  }
  interface Block {
    readonly paragraphs: readonly {
      readonly lines: readonly { readonly words: readonly Word[] }[]
    }[]
  }
  export interface Recognizer {
    setParameters(parameters: Readonly<Record<string, string>>): Promise<unknown>
    recognize(
      image: Buffer,
      options: Readonly<Record<string, never>>,
      output: { readonly blocks: true; readonly text: false },
    ): Promise<{ readonly data: { readonly blocks: readonly Block[] | null } }>
    terminate(): Promise<unknown>
  }
  const tesseract: {
    createWorker(
      language: string,
      engine: 1,
      options: {
        readonly langPath: string
        readonly cacheMethod: 'none'
        readonly gzip: true
        readonly errorHandler: (error: unknown) => void
      },
    ): Promise<Recognizer>
  }
  export default tesseract
}
