/** What a printed report says about where it comes from. */
export interface ReportSource {
  readonly ledgerKey: string
  /** Index of the event that records it. */
  readonly event: number
  readonly madeFor: string
}
