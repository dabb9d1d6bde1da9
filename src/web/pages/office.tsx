/** The page at /office: an officer asks who did what, verifies the log, and keeps its records. */
import './open/without-eval.js'
import './session/trusted-scripts.js'
import { start } from './session/start.js'
import { App } from './office/app.js'

start(<App />)
