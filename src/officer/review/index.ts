/** Reviews of activity: what to look at first. */
export { findAnomalies } from './anomalies.js'
export type { ShownAnomalies } from './anomalies.js'
export { exportAnomalies } from './pack.js'
