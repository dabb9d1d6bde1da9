/** Types for the part of dcmjs used here; the package ships none. */
declare module 'dcmjs' {
  export interface DicomElement {
    readonly vr: string
    readonly Value?: readonly unknown[]
  }
  export interface DicomDict {
    readonly meta: Readonly<Record<string, DicomElement>>
    readonly dict: Readonly<Record<string, DicomElement>>
  }
  interface Logger {
    setLevel(level: 'silent'): void
  }
  const dcmjs: {
    readonly data: {
      readonly DicomMessage: { readFile(bytes: ArrayBuffer): DicomDict }
      readonly DicomMetaDictionary: {
        readonly dictionary: Readonly<Record<string, { readonly vr?: string } | undefined>>
      }
    }
    readonly log: Logger & { getLogger(name: string): Logger }
  }
  export default dcmjs
}
