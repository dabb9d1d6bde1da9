/** The page: what the reader selects, and the results. The worker does the opening. */
import './open/without-eval.js'
import { readDumped } from './open/dumped-transfer.js'
import type { OpenNews, OpenRequest, StopRequest } from './open/messages.js'
import { privateFolder, removeLeftOvers } from './open/private-folder.js'
import type { PrivateFolder } from './open/private-folder.js'
import {
  comparedText,
  FAILURES,
  NO_CERTIFICATE,
  NOT_A_TRANSFER,
  NOTHING_PICKED,
  sizeText,
  UNCHECKED,
} from './open/texts.js'

declare global {
  interface Window {
    /** WICG File System Access, if the browser supports it. */
    showDirectoryPicker?: (how: { mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>
  }
}

/** An element of the page's own HTML. */
function part<T extends Element>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector)
  if (!(found instanceof type)) throw new TypeError(`the page has no ${selector}`)
  return found
}

const form = part('form', HTMLFormElement)
const files = part('#files', HTMLInputElement)
const picked = part('#folder', HTMLInputElement)
const certificate = part('#certificate', HTMLInputElement)
const key = part('#key', HTMLInputElement)
const passphrase = part('#passphrase', HTMLInputElement)
const submit = part('button[type=submit]', HTMLButtonElement)
const stop = part('#stop', HTMLButtonElement)
const state = part('#state', HTMLElement)
const table = part('table', HTMLTableElement)
const rows = part('tbody', HTMLTableSectionElement)
const left = part('#left', HTMLElement)

let own: PrivateFolder | undefined
/** Blob URLs of the rows shown. */
let urls: string[] = []

if (!window.showDirectoryPicker) part('#place', HTMLFieldSetElement).hidden = true
removeLeftOvers().catch(() => undefined)

form.addEventListener('submit', (event) => {
  event.preventDefault()
  open().catch((error: unknown) => {
    // Closing the folder picker means cancelling.
    say(error instanceof DOMException && error.name === 'AbortError' ? '' : FAILURES.cannot_write)
    setBusy(false)
  })
})

part('#remove', HTMLButtonElement).addEventListener('click', () => {
  void forget().then(() => say('The opened files were removed from this browser.'))
})

async function open(): Promise<void> {
  const [keyFile] = key.files ?? []
  if (!keyFile) return
  setBusy(true)
  await forget()
  const work = await chosenWork()
  if (typeof work === 'string') {
    say(work)
    setBusy(false)
    return
  }
  const target = await chooseFolder()
  rows.replaceChildren(...work.files.map(({ message }) => rowOf(message.name)))
  table.hidden = false
  say(`Opening ${work.files.length === 1 ? 'one file' : `${work.files.length} files`}.`)
  const request: OpenRequest = {
    ...work,
    key: new Uint8Array(await keyFile.arrayBuffer()),
    passphrase: passphrase.value === '' ? undefined : passphrase.value,
    folder: target,
  }
  passphrase.value = ''
  const result = await openAll(request)
  say(result)
  setBusy(false)
}

/** What to open; or a message, when there is nothing to open. */
async function chosenWork(): Promise<Pick<OpenRequest, 'files' | 'transfer'> | string> {
  const ofFolder = [...(picked.files ?? [])]
  const loose = [...(files.files ?? [])]
  if (ofFolder.length === 0)
    return loose.length === 0
      ? NOTHING_PICKED
      : { files: loose.map((message) => ({ message, keyBytes: 0 })), transfer: undefined }
  const found = await readDumped(ofFolder)
  if (!found) return NOT_A_TRANSFER
  const [signer] = certificate.files ?? []
  if (!signer) return NO_CERTIFICATE
  const { id, manifest, items } = found
  return { files: items, transfer: { id, manifest, certificate: await signer.text() } }
}

async function chooseFolder(): Promise<FileSystemDirectoryHandle> {
  const place = new FormData(form).get('place')
  if (place === 'folder' && window.showDirectoryPicker)
    return window.showDirectoryPicker({ mode: 'readwrite' })
  own ??= await privateFolder()
  return own.handle
}

/** Resolves with the final message. */
function openAll(request: OpenRequest): Promise<string> {
  const worker = new Worker('open-worker.js', { type: 'module' })
  let opened = 0
  return new Promise<string>((resolve) => {
    const end = (text: string): void => {
      worker.terminate()
      resolve(text)
    }
    const asked: StopRequest = { stop: true }
    stop.onclick = () => worker.postMessage(asked)
    worker.onerror = () =>
      end('This browser cannot open sealed files: use the command nocturne open.')
    worker.onmessage = ({ data }: MessageEvent<OpenNews>) => {
      if ('ended' in data) {
        const total = request.files.length
        if (data.failed) end(FAILURES[data.failed])
        else if (data.compared) end(comparedText(opened, total, data.compared))
        else end(`${opened} of ${total} opened. ${UNCHECKED}`)
        return
      }
      if ('opened' in data) opened += 1
      void show(data, request)
    }
    worker.postMessage(request, [request.key.buffer as ArrayBuffer])
  })
}

type FileNews = Exclude<OpenNews, { readonly ended: true }>

async function show(news: FileNews, { files: sealed, folder }: OpenRequest): Promise<void> {
  const [, result, link] = rows.rows[news.file]?.cells ?? []
  if (!result || !link) return
  if ('bytes' in news) {
    const size = sealed[news.file]?.message.size ?? 0
    result.textContent = `${Math.floor((100 * news.bytes) / Math.max(1, size))} %`
  } else if ('failed' in news) {
    result.textContent = FAILURES[news.failed]
    result.className = 'bad'
  } else {
    result.textContent = `Opened, ${sizeText(news.size)}`
    result.className = 'good'
    link.replaceChildren(folder === own?.handle ? await saveLink(folder, news.opened) : news.opened)
  }
}

/** The content stays on disk: the Blob of such a file is read only when it is saved. */
async function saveLink(folder: FileSystemDirectoryHandle, name: string): Promise<Element> {
  const file = await (await folder.getFileHandle(name)).getFile()
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.textContent = `Save ${name}`
  urls.push(link.href)
  left.hidden = false
  return link
}

/** Removes files that were opened earlier and are waiting to be saved. */
async function forget(): Promise<void> {
  for (const url of urls) URL.revokeObjectURL(url)
  urls = []
  left.hidden = true
  table.hidden = true
  rows.replaceChildren()
  await own?.empty()
}

function rowOf(name: string): HTMLTableRowElement {
  const row = document.createElement('tr')
  for (const text of [name, 'Waiting', '']) row.insertCell().textContent = text
  return row
}

function setBusy(isBusy: boolean): void {
  submit.disabled = isBusy
  stop.hidden = !isBusy
}

function say(text: string): void {
  state.textContent = text
}
