/** Files in what was dropped on the page, folders included. */
import { isIgnored } from './local-files.js'

/** More than a CD holds; a folder chosen by mistake ends here. */
const MAX_FILES = 100_000

export async function droppedFiles(data: DataTransfer): Promise<File[]> {
  // The entries must be taken before the first wait: the list is empty afterwards.
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  const files: File[] = []
  for (const entry of entries) await collect(entry, files)
  return files
}

export const chosenFiles = (list: FileList): File[] =>
  [...list].filter((file) => !isIgnored(file.webkitRelativePath || file.name))

async function collect(entry: FileSystemEntry, files: File[]): Promise<void> {
  if (files.length >= MAX_FILES || isIgnored(entry.name)) return
  if (entry instanceof FileSystemFileEntry)
    files.push(await new Promise<File>((resolve, reject) => entry.file(resolve, reject)))
  else if (entry instanceof FileSystemDirectoryEntry) {
    const reader = entry.createReader()
    for (;;) {
      // Browsers return a folder in portions, and an empty one at the end.
      const portion = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      )
      if (portion.length === 0) return
      for (const one of portion) await collect(one, files)
    }
  }
}
