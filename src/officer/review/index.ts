/** Reviews of activity: what to look at first. */
export { ANOMALY_RULES, findAnomalies } from './anomalies.js'
export type { Anomaly } from './anomalies.js'
