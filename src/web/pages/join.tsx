/** The page at /join: an invited person makes a key, and sends its certificate. */
import './open/without-eval.js'
import './session/trusted-scripts.js'
import { App } from './join/app.js'
import { start } from './session/start.js'

start(<App />)
