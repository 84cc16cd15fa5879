// The example's journal in Firefox and WebKit: each test goes on where the one before has left the journal. In Chromium
// journal.test.mjs uses it with a mouse and a keyboard, as a person does; here its page is asked to do what they would.
// journal-keyboard.test.mjs has the keys.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { fileOf, kinds } from '../import/writers.mjs'
import { openJournalFrames } from './journal-frame.mjs'
import { engine, unless } from './site.mjs'

const require = createRequire(import.meta.url)
const { features } = require('vega-datasets/data/earthquakes.json')
const quakes = features.map(({ properties }) => properties).sort((a, b) => a.time - b.time)
const axe = require.resolve('axe-core/axe.min.js')
const options = { timeout: 120_000, ...unless(engine === 'chromium', 'journal.test.mjs is for it') }

let site
let page
before(async () => {
  if (options.skip) return
  site = await openJournalFrames(engine)
  page = await site.newPage()
})
after(() => site?.close())

const whole = number => number.toLocaleString('en')
const says = (selector, expected, on = page) => on.evaluate(([selector, expected]) => journal.says(selector, expected), [selector, expected instanceof RegExp ? { like: expected.source } : expected])
const text = (selector, on = page) => on.evaluate(selector => journal.text(selector), selector)
const press = (name, on = page) => on.evaluate(name => journal.press(name), name)
const fill = (selector, value, on = page) => on.evaluate(([selector, value]) => journal.fill(selector, value), [selector, value])
const addNote = async (note, on = page) => {
  await fill('#note-text', note, on)
  await press('Add note', on)
}

test('the first load imports the week’s earthquakes, once', options, async () => {
  await says('#total-earthquakes', whole(quakes.length))
  await says('#total-strongest', Math.max(...quakes.map(({ mag }) => mag)).toFixed(1))
  assert.equal(await text('#feed li:first-child .entry-title'), quakes.at(-1).place)
  await page.evaluate(() => journal.reload())
  await says('#total-records', whole(quakes.length))
})

test('a note is the newest of the feed, and text is text', options, async () => {
  await addNote('A jolt, <b>the lamp</b> swung')
  await says('#feed li:first-child .entry-text', 'A jolt, <b>the lamp</b> swung')
  await says('#total-notes', '1')
})

test('the feed is searched and filtered', options, async () => {
  await fill('#filter-form [name=words]', 'ALAS')
  await says('#feed-count', `${quakes.filter(({ place }) => /\balas/i.test(place)).length} records`)
  await press('Clear')
  const strong = quakes.filter(({ mag }) => mag >= 4.5)
  await fill('#filter-form [name=magnitude]', '4.5')
  await says('#feed-count', `${strong.length} records`)
  await says('#map-text', new RegExp(`^${strong.length} places`))
  await press('Clear')
  await says('#feed-count', `${whole(quakes.length + 1)} records`)
})

test('the slider shows all of the page as of any record', options, async () => {
  for (const seq of [899, 10, 1500]) {
    const then = quakes.slice(0, seq + 1)
    await fill('#slider', String(seq))
    await says('#slider-text', new RegExp(`^As of record ${whole(seq + 1)} of ${whole(quakes.length + 1)}`))
    await says('#total-records', whole(seq + 1))
    await says('#feed li:first-child .entry-title', then.at(-1).place)
  }
  await press('Back to now')
  await says('#total-records', whole(quakes.length + 1))
})

test('two tabs are in step', options, async () => {
  const other = await site.newPage()
  await addNote('From the other tab', other)
  await says('#feed li:first-child .entry-text', 'From the other tab')
  await addNote('And back')
  await says('#feed li:first-child .entry-text', 'And back', other)
  assert.deepEqual(other.uncaught, [])
  await other.close()
})

test('dropped files are imported, each once', options, async () => {
  const notes = Array.from({ length: 40 }, (_, at) => ({ type: 'note', id: `dropped ${at}`, time: Date.UTC(2020, 0, 1 + at), text: `dropped note ${at}` }))
  const bytes = [...await fileOf(kinds[0], notes)]
  const drop = () => page.evaluate(([name, bytes]) => journal.drop(name, bytes), ['log.offset', bytes])
  await drop()
  await says('#announcer', /^log.offset: 40 records imported as flumelog-offset/)
  await says('#total-notes', '43')
  await drop()
  await says('#announcer', /0 records imported .*40 were there already/)
})

test('a rebuild comes to the same', options, async () => {
  const totals = await text('.totals')
  await press('Rebuild')
  await says('#announcer', /^All views built anew from 1,7\d\d records in/)
  assert.equal(await text('.totals'), totals)
})

test('it says how much is stored, and how it stands with the storage', options, async () => {
  await says('#health', 'Storage works')
  await says('#storage-log-note', /^1,7\d\d records in \d+ segments$/)
  const told = await page.evaluate(() => !!navigator.storage?.estimate)
  await says('#storage-used', told ? /^\d.* [kM]B$/ : '–')
  assert.equal(await page.evaluate(() => journal.find('#persist').hidden), !told)
})

test('it loads and works without the server', options, async () => {
  await page.evaluate(() => journal.offline())
  await site.stopServer()
  await page.evaluate(() => journal.reload())
  await says('#total-notes', '43')
  await addNote('Written offline')
  await says('#feed li:first-child .entry-text', 'Written offline')
  await site.startServer()
})

for (const width of [1280, 360]) {
  test(`axe finds nothing to say, and nothing is cut off: ${width} pixels`, options, async () => {
    await page.evaluate(width => journal.resize(width), width)
    const source = await readFile(axe, 'utf8')
    const violations = await page.evaluate(async source => {
      const window = journal.window()
      window.eval(source)
      const { violations } = await window.axe.run()
      return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`)])
    }, source)
    assert.deepEqual(violations, [])
    assert.ok(await page.evaluate(() => journal.window().document.documentElement.scrollWidth <= journal.window().innerWidth), 'the page is wider than the window')
  })
}

test('deleting the journal begins it anew, in every tab', options, async () => {
  const other = await site.newPage()
  await press('Delete…')
  await press('Delete it')
  for (const tab of [page, other]) {
    await says('#total-notes', '0', tab)
    await tab.evaluate(() => journal.ready())
    await says('#total-records', whole(quakes.length), tab)
    await says('#health', 'Storage works', tab)
  }
  assert.deepEqual(page.uncaught, [])
})
