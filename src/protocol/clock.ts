/**
 * How far the clocks of two machines may differ. One allowance for every signature that is checked:
 * acknowledgements, sign-in, releases, reports, receipts and manifests.
 */
export const CLOCK_ALLOWANCE_MS = 5 * 60_000
