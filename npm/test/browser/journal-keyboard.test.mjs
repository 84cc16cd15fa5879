// The example's journal by keyboard alone, in Firefox and WebKit, with keys that go the way of a person's. In Chromium
// journal.test.mjs does it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveExample } from './journal-site.mjs'
import { engine, unless } from './site.mjs'
import { openDriven } from './webdriver.mjs'

test('it can be used by keyboard, in the order in which it is seen', { timeout: 120_000, ...unless(engine === 'chromium', 'journal.test.mjs is for it') }, async () => {
  const example = await serveExample()
  const browser = await openDriven(engine)
  try {
    const until = async (run, what) => {
      for (const limit = Date.now() + 30_000; !await browser.evaluate(run); await sleep(20)) if (Date.now() > limit) assert.fail(what)
    }
    await browser.open(example.url)
    await until(() => !!document.querySelector('#journal[aria-busy=false]'), 'the journal is not ready')

    const stops = []
    for (let at = 0; at < 9; at++) {
      await browser.press('Tab')
      stops.push(await browser.evaluate(() => document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()))
    }
    assert.deepEqual(stops, ['Skip to the feed', 'slider-play', 'slider', 'note-text', 'Add note', 'words', 'type', 'magnitude', 'Note'])

    await browser.evaluate(() => document.querySelector('#slider').focus())
    await browser.press('Home')
    await until(() => document.querySelector('#total-records').textContent === '1', 'Home does not go to the first record')
    assert.match(await browser.evaluate(() => document.querySelector('#slider').getAttribute('aria-valuetext')), /^As of record 1 of/)
    await browser.press('End')
    await until(() => /^1,7/.test(document.querySelector('#total-records').textContent), 'End does not come back to now')
    await browser.press('Tab')
    for (const letter of 'shaken') await browser.press(letter)
    await browser.press('Tab')
    await browser.press(' ')
    await until(() => document.querySelector('#feed li:first-child .entry-text')?.textContent === 'shaken', 'the note is not the newest of the feed')
    await browser.evaluate(() => document.activeElement.blur())
    await browser.press('/')
    assert.equal(await browser.evaluate(() => document.activeElement.name), 'words')
  } finally {
    await browser.close()
    await example.close()
  }
})
