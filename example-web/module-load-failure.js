// A module that cannot be loaded takes along all that import it: main.js would never run and could not say so. This
// small classic script does.

addEventListener('error', event => {
  if (event.target.tagName !== 'SCRIPT') return
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', sayIt)
  else sayIt()
}, { capture: true })

function sayIt () {
  document.getElementById('problem-title').textContent = 'The page could not load its code'
  document.getElementById('problem-advice').textContent = 'If the package is not built yet, run “make build”, then reload this page.'
  document.getElementById('problem-detail').parentElement.hidden = true
  document.getElementById('problem-retry').hidden = true
  document.getElementById('problem').hidden = false
  document.querySelector('#import-title, #slider-text').textContent = 'Nothing is open'
}
