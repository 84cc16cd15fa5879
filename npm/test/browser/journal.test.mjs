// The example's journal, as a person uses it: each test goes on where the one before has left the journal.

import assert from 'node:assert/strict'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileOf, kinds } from '../import/writers.mjs'
import { openJournal, ready } from './journal-site.mjs'

const require = createRequire(import.meta.url)
const { features } = require('vega-datasets/data/earthquakes.json')
const quakes = features.map(({ properties }) => properties).sort((a, b) => a.time - b.time)
const axe = require.resolve('axe-core/axe.min.js')

let journal
let page
before(async () => {
  journal = await openJournal()
  page = await journal.newPage()
})
after(() => journal?.close())

const text = (selector, on = page) => on.locator(selector).textContent()
const whole = number => number.toLocaleString('en')

// Waits until the page says so.
async function says (selector, expected, on = page) {
  const matches = found => (expected instanceof RegExp ? expected.test(found) : found === expected)
  const limit = Date.now() + 15_000
  for (;;) {
    const found = await text(selector, on)
    if (matches(found)) return found
    if (Date.now() > limit) assert.fail(`${selector} says ${JSON.stringify(found)}, not ${expected}`)
    await on.waitForTimeout(50)
  }
}

const field = name => page.locator(`#filter-form [name=${name}]`)

async function slideTo (seq, on = page) {
  await on.locator('#slider').fill(String(seq))
}

async function addNote (note, on = page) {
  await on.getByLabel('Text of the note').fill(note)
  await on.getByRole('button', { name: 'Add note' }).click()
}

async function drop (name, bytes, on = page) {
  const transfer = await on.evaluateHandle(({ name, base64 }) => {
    const transfer = new DataTransfer()
    transfer.items.add(new File([Uint8Array.from(atob(base64), char => char.charCodeAt(0))], name))
    return transfer
  }, { name, base64: Buffer.from(bytes).toString('base64') })
  await on.locator('body').dispatchEvent('dragover', { dataTransfer: transfer })
  await on.locator('body').dispatchEvent('drop', { dataTransfer: transfer })
}

test('the first load imports the week’s earthquakes, once', async () => {
  await says('#total-earthquakes', whole(quakes.length))
  await says('#total-strongest', Math.max(...quakes.map(({ mag }) => mag)).toFixed(1))
  assert.equal(await text('#feed li:first-child .entry-title'), quakes.at(-1).place)
  await page.reload()
  await ready(page)
  await says('#total-records', whole(quakes.length))
  await says('#days-chart', /Jan 31.*Feb 7/)
})

test('a note is the newest of the feed, and text is text', async () => {
  await addNote('A jolt, <b>the lamp</b> swung')
  await says('#feed li:first-child .entry-text', 'A jolt, <b>the lamp</b> swung')
  await says('#total-notes', '1')
  assert.equal(await page.getByLabel('Text of the note').inputValue(), '')
})

test('a note on an earthquake is found by its place', async () => {
  await field('words').fill('Hualian Taiwan')
  await says('#feed-count', `${quakes.filter(({ place }) => /Hualian, Taiwan/.test(place)).length} records`)
  await page.locator('#feed li:first-child').getByRole('button', { name: /^Write a note on/ }).click()
  await addNote('Many aftershocks here')
  await says('#feed li:first-child .entry-text', 'Many aftershocks here')
  assert.match(await text('#feed li:first-child .entry-line'), /on .*Hualian, Taiwan/)
})

test('the feed is searched, by words, beginnings and phrases, and says where', async () => {
  const count = regexp => quakes.filter(({ place }) => regexp.test(place)).length
  await field('words').fill('ALAS')
  await says('#feed-count', `${count(/\balas/i)} records`)
  assert.deepEqual(await page.locator('#feed li:first-child mark').allTextContents(), ['Alaska'])
  await field('words').fill('"SE of Kodiak"')
  await says('#feed-count', `${count(/\bSE of Kodiak/)} records`)
  await field('words').fill('swung')
  await says('#feed-count', '1 record')
  await field('words').fill('nothing of this kind')
  await says('#feed-count', '0 records')
  assert.ok(await page.locator('#feed-empty').isVisible())
  await page.getByRole('button', { name: 'Clear' }).click()
})

test('the feed is filtered by kind, magnitude and day', async () => {
  const strong = quakes.filter(({ mag }) => mag >= 4.5)
  await field('magnitude').selectOption('4.5')
  await says('#feed-count', `${strong.length} records`)
  await says('#map-text', new RegExp(`^${strong.length} places`))
  await page.getByRole('button', { name: /February 4, 2018/ }).click()
  const day = ({ time }) => new Date(time).toISOString().startsWith('2018-02-04')
  await says('#feed-count', `${strong.filter(day).length} records`)
  await page.reload()
  await ready(page)
  await says('#feed-count', `${strong.filter(day).length} records`)
  await field('words').fill('taiwan')
  await says('#feed-count', `${strong.filter(day).filter(({ place }) => /taiwan/i.test(place)).length} records`)
  await page.getByRole('button', { name: 'Clear' }).click()
  await field('type').selectOption('note')
  await says('#feed-count', '2 records')
  await page.getByRole('button', { name: 'Clear' }).click()
  await says('#feed-count', `${whole(quakes.length + 2)} records`)
})

test('the slider shows all of the page as of any record', async () => {
  for (const seq of [899, 10, 1500, 0]) {
    const then = quakes.slice(0, seq + 1)
    await slideTo(seq)
    await says('#slider-text', new RegExp(`^As of record ${whole(seq + 1)} of ${whole(quakes.length + 2)}`))
    await says('#total-records', whole(seq + 1))
    await says('#feed-count', then.length === 1 ? '1 record' : `${whole(then.length)} records`)
    assert.equal(await text('#total-strongest'), Math.max(...then.map(({ mag }) => mag)).toFixed(1).replace('-', '−'))
    assert.equal(await text('#feed li:first-child .entry-title'), then.at(-1).place)
    const days = new Set(then.map(({ time }) => new Date(time).toISOString().slice(0, 10)))
    assert.equal(await page.locator('.days-column').count(), days.size)
  }
  await slideTo(899)
  await field('words').fill('alaska')
  await says('#feed-count', `${quakes.slice(0, 900).filter(({ place }) => /alaska/i.test(place)).length} records`)
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('button', { name: 'Back to now' }).click()
  await says('#total-records', whole(quakes.length + 2))
})

test('two tabs are in step, and one in the past stays there', async () => {
  const other = await journal.newPage()
  await page.bringToFront()     // a page in the background has no frames, for which clicks wait
  await slideTo(99)
  await says('#total-records', '100')
  await addNote('From the other tab', other)
  await says('#slider-text', new RegExp(`of ${whole(quakes.length + 3)}`))
  assert.equal(await text('#total-records'), '100')
  await page.getByRole('button', { name: 'Back to now' }).click()
  await says('#feed li:first-child .entry-text', 'From the other tab')
  await addNote('And back')
  await says('#feed li:first-child .entry-text', 'And back', other)

  // A deleted note is gone in both.
  await page.locator('#feed li:first-child').getByRole('button', { name: /^Delete the note/ }).click()
  await says('#feed li:first-child .entry-text', 'From the other tab')
  await says('#feed li:first-child .entry-text', 'From the other tab', other)
  await says('#total-notes', '3')
  assert.deepEqual(other.uncaught, [])
  await other.close()
})

test('dropped files are imported, each once, and bad ones change nothing', async () => {
  const notes = Array.from({ length: 40 }, (_, at) => ({ type: 'note', id: `dropped ${at}`, time: Date.UTC(2020, 0, 1 + at), text: `dropped note ${at}` }))
  const before = Number((await text('#total-notes')))
  await drop('log.offset', await fileOf(kinds[0], notes))
  await says('#announcer', /^log.offset: 40 records imported as flumelog-offset/)
  await says('#total-notes', String(before + 40))
  await drop('log.offset', await fileOf(kinds[0], notes))
  await says('#announcer', /0 records imported .*40 were there already/)
  await drop('notes.ndjson', Buffer.from('{"type":"note","id":"n","time":1600000000000,"text":"of a line"}\n{"other":"record"}\n'))
  await says('#announcer', /^notes.ndjson: 2 records imported as ndjson/)
  await says('#feed li:first-child .entry-text', '{"other":"record"}')
  await drop('photo.jpg', Buffer.from([255, 216, 255, 224, 1, 2, 3]))
  await says('#announcer', /^photo.jpg: .*(format|no )/)
  await says('#total-notes', String(before + 41))
})

test('the export holds every record, and imports as the same', async () => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export' }).click()])
  assert.match(download.suggestedFilename(), /^journal-\d{4}-\d\d-\d\d\.ndjson$/)
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n').map(line => JSON.parse(line))
  const records = Number((await text('#total-records')).replace(',', ''))
  assert.equal(lines.length, records - 1)     // one was deleted
  assert.deepEqual(lines.slice(0, quakes.length).map(({ place }) => place), quakes.map(({ place }) => place))
  assert.deepEqual(lines.at(-1), { other: 'record' })
})

test('a rebuild says how far it is, and comes to the same', async () => {
  const totals = await text('.totals')
  await page.getByRole('button', { name: 'Rebuild' }).click()
  await says('#announcer', /^All views built anew from 1,7\d\d records in/)
  for (const state of await page.locator('#views-rows td:last-child').all()) assert.equal(await state.textContent(), 'up to date')
  assert.equal(await text('.totals'), totals)
  await says('#storage-log-note', /^1,7\d\d records in \d+ segments, 1 deleted$/)
  assert.match(await text('#storage-used'), /^\d.* [kM]B$/)
})

test('it says how it stands with the storage, and asks the browser to keep it', async () => {
  await says('#health', 'Storage works')
  const cdp = await journal.cdp(page)
  const ask = page.getByRole('button', { name: 'Ask the browser to keep it' })
  await ask.click()
  await says('#persist-answer', /^The browser has not agreed/)
  await cdp.send('Browser.grantPermissions', { origin: journal.url.replace(/\/$/, ''), permissions: ['durableStorage'] })
  await ask.click()
  await page.locator('#persisted').waitFor()
  assert.ok(await ask.isHidden())
  await says('#persist-answer', '')
})

test('data that the browser deletes under it is missed at once, and the journal begins anew', async () => {
  const cdp = await journal.cdp(page)
  const other = await journal.newPage()
  await cdp.send('Storage.clearDataForOrigin', { origin: journal.url.replace(/\/$/, ''), storageTypes: 'indexeddb' })
  for (const tab of [page, other]) {
    await says('#health', 'Records are gone', tab)
    await says('#health-note', /^The browser has deleted records 1 to 1,\d\d\d\.$/, tab)
    await says('#problem-title', 'The log was deleted', tab)
  }
  await other.close()
  await page.getByRole('button', { name: 'Try again' }).click()
  await ready(page)
  await says('#total-records', whole(quakes.length))
  await says('#health', 'Storage works')
  page.uncaught = page.uncaught.filter(({ message }) => !/GONE|deleted while it was open/.test(message))
})

test('it loads and works without the server', async () => {
  const records = await text('#total-records')
  await journal.stopServer()
  await page.reload()
  await ready(page)
  await says('#total-records', records)
  await says('#connection', /^Offline/)
  await addNote('Written offline')
  await says('#feed li:first-child .entry-text', 'Written offline')
  const other = await journal.newPage()
  await says('#feed li:first-child .entry-text', 'Written offline', other)
  await other.close()
  await journal.startServer()
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await says('#connection', 'Online')
  page.uncaught = page.uncaught.filter(error => !/ERR_CONNECTION_REFUSED|service worker|Failed to fetch/i.test(error.message))
})

test('a new build waits until it is asked for, and takes the place of the old one as a whole', async () => {
  const caches = () => page.evaluate(() => globalThis.caches.keys())
  const [old] = await caches()
  const index = join(journal.folder, 'index.html')
  await writeFile(index, (await readFile(index, 'utf8')).replace('<h1>Field journal</h1>', '<h1>Field journal, edition 2</h1>'))
  await page.evaluate(() => dispatchEvent(new Event('focus')))
  await page.locator('#update').waitFor()
  await page.reload()
  await ready(page)
  assert.equal(await text('h1'), 'Field journal')
  await page.getByLabel('Text of the note').fill('a draft')
  await page.getByRole('button', { name: 'Reload with it' }).click()
  await says('h1', 'Field journal, edition 2')
  await ready(page)
  assert.equal(await page.getByLabel('Text of the note').inputValue(), 'a draft')
  const now = await caches()
  assert.equal(now.length, 1)
  assert.notEqual(now[0], old)
})

test('a build whose files are not those that it names is not installed, and the one before stays', async () => {
  const caches = () => page.evaluate(() => globalThis.caches.keys())
  const before = await caches()
  const file = join(journal.folder, 'serve.mjs')
  const server = await readFile(file, 'utf8')
  const broken = server.replace('.update(await readFile(file))', ".update(path === '/theme.css' ? 'of another build' : await readFile(file))")
  assert.notEqual(broken, server)
  const restart = async source => {
    await journal.stopServer()
    await writeFile(file, source)
    await journal.startServer()
  }
  await restart(broken)
  const state = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    const found = new Promise(resolve => registration.addEventListener('updatefound', () => resolve(registration.installing), { once: true }))
    await registration.update().catch(() => {})
    const worker = await found
    while (worker.state === 'installing') await new Promise(resolve => worker.addEventListener('statechange', resolve, { once: true }))
    return worker.state
  })
  assert.equal(state, 'redundant')
  assert.deepEqual(await caches(), before)
  assert.ok(await page.locator('#update').isHidden())
  await page.reload()
  await ready(page)
  await restart(server)
})

test('it can be used by keyboard, in the order in which it is seen', async () => {
  await page.reload()
  await ready(page)
  await page.waitForTimeout(300)
  const stops = []
  for (let at = 0; at < 9; at++) {
    await page.keyboard.press('Tab')
    stops.push(await page.evaluate(() => document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()))
  }
  assert.deepEqual(stops, ['Skip to the feed', 'slider-play', 'slider', 'note-text', 'Add note', 'words', 'type', 'magnitude', 'Delete'])
  await page.locator('#slider').focus()
  await page.keyboard.press('Home')
  await says('#total-records', '1')
  assert.match(await page.locator('#slider').getAttribute('aria-valuetext'), /^As of record 1 of/)
  await page.keyboard.press('End')
  await says('#total-records', /^1,7/)
  await page.locator('h1').click()
  await page.keyboard.press('/')
  assert.equal(await page.evaluate(() => document.activeElement.name), 'words')
})

for (const [name, { width, colorScheme, past }] of Object.entries({
  'desktop, light': { width: 1280, colorScheme: 'light' },
  'desktop, dark, in the past': { width: 1280, colorScheme: 'dark', past: true },
  'phone, light, in the past': { width: 360, colorScheme: 'light', past: true },
  'phone, dark': { width: 360, colorScheme: 'dark' }
})) {
  test(`axe finds nothing to say, and nothing is cut off: ${name}`, async () => {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme })
    if (past) await slideTo(500)
    else await page.evaluate(() => document.querySelector('#slider-now').click())
    await says('#total-records', past ? '501' : /^1,7/)
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(await readFile(axe, 'utf8'))
    const { violations } = await page.evaluate(() => globalThis.axe.run())
    assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`)]), [])
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the window')
  })
}

test('deleting the journal begins it anew, in every tab', async () => {
  await page.setViewportSize({ width: 1280, height: 900 })
  const other = await journal.newPage()
  await page.bringToFront()
  await page.getByRole('button', { name: 'Delete…' }).click()
  await page.getByRole('button', { name: 'Keep it', exact: true }).click()
  await page.getByRole('button', { name: 'Delete…' }).click()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await says('#total-notes', '0')
  await ready(page)
  await says('#total-records', whole(quakes.length))
  await says('#total-notes', '0', other)
  await ready(other)
  await says('#total-records', whole(quakes.length), other)
  assert.deepEqual(page.uncaught, [])
})

test('the flights load as well, and are never of an older build than the server’s', async () => {
  await appendFile(join(journal.folder, 'theme.css'), '/* edition 3 */')
  const flights = await journal.newPage('flights/')
  await flights.locator('.import[data-state=complete]').waitFor()
  await says('#import-count', '231,083', flights)
  const isNew = on => on.evaluate(async () => (await (await fetch('/theme.css')).text()).includes('edition 3'))
  assert.equal(await isNew(flights), true)
  assert.equal(await isNew(page), false)
  assert.deepEqual(flights.uncaught, [])
})
