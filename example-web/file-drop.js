// Files come by drop, anywhere on the page, or by the button.

import { byId } from './element.js'

export function onDroppedFile (take) {
  const takeAll = async files => {
    for (const file of files) await take(file)
  }
  const hasFiles = event => event.dataTransfer?.types.includes('Files')

  addEventListener('dragover', event => {
    if (!hasFiles(event)) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'copy'
    document.body.classList.add('dropping')
  })
  addEventListener('dragleave', event => {
    if (!event.relatedTarget) document.body.classList.remove('dropping')
  })
  addEventListener('drop', event => {
    if (!hasFiles(event)) return
    event.preventDefault()
    document.body.classList.remove('dropping')
    takeAll(Array.from(event.dataTransfer.files))
  })

  const input = byId('file')
  byId('import').addEventListener('click', () => input.click())
  input.addEventListener('change', () => takeAll(Array.from(input.files)).finally(() => { input.value = '' }))
}
