// NDJSON and JSON arrays.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'
import { contents, imported } from './imported.mjs'
import { random, seed, someValues } from './values.mjs'

const bytesOf = text => new TextEncoder().encode(text)

// The bytes in pieces of a size.
async function * pieces (bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

const texts = {
  ndjson: values => values.map(value => JSON.stringify(value) + '\n').join(''),
  'ndjson without a line feed at its end': values => values.map(value => JSON.stringify(value)).join('\n'),
  'ndjson with CRLF, empty lines and spaces': values => '\n\r\n' + values.map(value => ` ${JSON.stringify(value)}\t\r\n \r\n`).join(''),
  'ndjson with a byte order mark': values => '\ufeff' + values.map(value => JSON.stringify(value)).join('\n'),
  'a JSON array': values => JSON.stringify(values),
  'a JSON array over many lines': values => JSON.stringify(values, null, 2) + '\n',
  'a JSON array with a byte order mark': values => '\ufeff \n' + JSON.stringify(values)
}

for (const [title, write] of Object.entries(texts)) {
  test(`${title}, in pieces of any size`, async t => {
    t.diagnostic(`FLUMEDB_SEED=${seed}`)
    const values = someValues(60, random(seed))
    const bytes = bytesOf(write(values))
    const format = title.startsWith('ndjson') ? 'ndjson' : 'json'
    const expected = { format, records: 60, skipped: 0, deleted: 0, bytes: bytes.length }
    for (const source of [bytes, pieces(bytes, 3), pieces(bytes, 4096)]) {
      const { result, values: got } = await imported(source)
      assert.deepEqual(got, values)
      assert.deepEqual(result, expected)
    }
  })
}

test('values that are no objects', async () => {
  const values = [1, -0.5, 'text', '', true, false, null, [], {}, [[1, 2]], 1e21]
  for (const text of [texts.ndjson(values), JSON.stringify(values)]) assert.deepEqual((await imported(bytesOf(text))).values, values)
})

test('numbers stay as they are written', async () => {
  const text = '{"large":12345678901234567890,"exact":1.00,"twice":1,"twice":2}'
  const db = Flume(Log.memory())
  await db.import(bytesOf(text))
  const [line] = await db.export().collect()
  assert.equal(new TextDecoder().decode(line), text + '\n')
  await db.close()
})

test('an array and lines of arrays are told apart', async () => {
  assert.deepEqual((await imported(bytesOf('[1,2]\n'))).values, [1, 2])
  assert.deepEqual((await imported(bytesOf('[1,2]\n[3]\n'))).values, [[1, 2], [3]])
  assert.deepEqual((await imported(bytesOf('[1,2]\n'), { format: 'ndjson' })).values, [[1, 2]])
  assert.deepEqual((await imported(bytesOf('[]'))).values, [])
})

test('an empty source', async () => {
  for (const options of [{}, { format: 'ndjson' }, { format: 'flumelog-offset' }]) {
    assert.deepEqual((await imported(new Uint8Array(), options)).result, { format: options.format, records: 0, skipped: 0, deleted: 0, bytes: 0 })
  }
})

test('exactly what JSON.parse accepts is accepted', async t => {
  t.diagnostic(`FLUMEDB_SEED=${seed}`)
  const next = random(seed)
  const pick = list => list[Math.floor(next() * list.length)]
  const samples = ['{"a":[1,2.5e-3,{"b":"\\u00e9\\n"}],"c":null}', '[true,false,[[]],{}]', '-0', '"x"', '0.1E+5', '{"":{"":""}}', '[1 , 2\t]', '01', '1.', '.5', '-', '"\\x"', '[1,]', '{"a":1,}', '{a:1}', "'a'", 'nul', 'truefalse', '[1 2]', '{"a" 1}', '+1', '1e', '"\t"', '[[1]', ']', '{}}', '\u00a0 1', '"\\u12g4"', 'NaN', '"é"']
  const letters = [...'{}[]:,"\\0123.eE+-tfnu \t', 'true', 'null', '"a"', 'é']
  const candidates = [...samples]
  while (candidates.length < 3000) {
    const text = [...pick(samples)]
    for (let edits = 1 + next() * 3; edits > 0; edits--) text.splice(next() * (text.length + 1), next() * 2, ...(next() < 0.7 ? [pick(letters)] : []))
    candidates.push(text.join(''))
  }
  let db
  for (const [i, text] of candidates.entries()) {
    if (i % 100 === 0) {
      await db?.close()
      db = Flume(Log.memory())
    }
    let value
    let valid = true
    try {
      value = JSON.parse(text)
    } catch {
      valid = false
    }
    if (!text.trim() || text.trim().length !== text.replace(/^[ \t]+|[ \t]+$/g, '').length) continue
    // A second line, so that the first is not one that a crash has cut.
    const source = bytesOf(`${text}\n0\n`)
    const accepted = await db.import(source, { format: 'ndjson', resume: false }).then(() => true, err => {
      assert.equal(err.code, 'SOURCE', err.stack)
      return false
    })
    assert.equal(accepted, valid, JSON.stringify(text))
    if (valid) assert.deepEqual(await db.get(db.since.value - 1), value)
  }
  await db.close()
})

test('deep nesting', async () => {
  const text = '['.repeat(50_000) + ']'.repeat(50_000)
  assert.equal((await imported(bytesOf(`${text}\n1\n`))).result.records, 2)
})

test('NDJSON cut at every byte of its last line', async () => {
  const bytes = bytesOf('{"n":1}\n{"n":2}\n{"n":"drei ☃"}\n')
  for (let cut = 17; cut < bytes.length - 1; cut++) {
    const { result, values } = await imported(bytes.subarray(0, cut))
    if (cut === bytes.length - 1) continue
    assert.deepEqual(values, [{ n: 1 }, { n: 2 }], `cut at ${cut}`)
    assert.deepEqual([result.torn.position, result.torn.bytes, result.bytes], [16, cut - 16, cut])
  }
})

test('a JSON array cut at every byte', async () => {
  const text = ' [ {"n":1} , {"n":22},3 ] '
  const ends = [10, 21, 23] // behind each element
  for (let cut = text.indexOf('1}') + 2; cut < text.lastIndexOf(']'); cut++) {
    const { result, values } = await imported(bytesOf(text.slice(0, cut)), { format: 'json' })
    // A number may go on behind the end.
    const whole = ends.filter(end => end <= cut && !(end === 23 && cut === 23)).length
    assert.deepEqual(values, [{ n: 1 }, { n: 22 }, 3].slice(0, whole), `cut at ${cut}`)
    assert.equal(result.torn.reason, 'the source ends before its array does')
  }
})

for (const [what, text, position, records] of [
  ['a line', '{"n":1}\n{"n":}\n{"n":3}\n', 8, 1],
  ['the first line', '{"n"\n{"n":3}\n', 0, 0],
  ['a line with two values', '1\n2 3\n4\n', 2, 1]
]) {
  test(`NDJSON: damage in ${what} stops the import at its place`, async () => {
    const db = Flume(Log.memory())
    await assert.rejects(db.import(bytesOf(text), { format: 'ndjson' }), { code: 'SOURCE', position })
    assert.equal((await contents(db)).length, records)
    await db.close()
  })
}

for (const [what, text, position, records] of [
  ['an element', '[1,2,x,4]', 4, 2],
  ['a comma', '[1,2 3]', 4, 2],
  ['what follows', '[1,2] 3', 6, 2],
  ['the beginning', '{"a":1}', 0, 0]
]) {
  test(`a JSON array: damage in ${what} stops the import at its place`, async () => {
    const db = Flume(Log.memory())
    await assert.rejects(db.import(bytesOf(text), { format: 'json' }), { code: 'SOURCE', position })
    assert.equal((await contents(db)).length, records)
    await db.close()
  })
}
