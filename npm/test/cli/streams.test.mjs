// Pipes, signals and terminals.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Flume, { Log } from 'flumedb-wasm'
import { inFolder } from '../import/writers.mjs'
import { cli, run, start } from './cli.mjs'

// A log of so many records of 1 kB.
async function fill (dir, count) {
  const db = Flume(Log.file(dir))
  const pad = 'x'.repeat(980)
  for (let n = 0; n < count; n += 1000) await db.append(Array.from({ length: 1000 }, (_, i) => ({ n: n + i, pad })))
  await db.close()
}

test('a reader that leaves early is no failure', { skip: process.platform === 'win32' }, () => inFolder(async folder => {
  const dir = join(folder, 'log')
  await fill(dir, 20_000)
  for (const command of ['cat', 'export']) {
    const shell = spawn('bash', ['-c', `"$0" "$1" "$2" ${command} | head -n 2; echo "\${PIPESTATUS[0]}"`, process.execPath, cli, dir])
    let [out, err] = ['', '']
    shell.stdout.on('data', data => { out += data })
    shell.stderr.on('data', data => { err += data })
    await once(shell, 'close')
    const lines = out.trim().split('\n')
    assert.deepEqual([lines.length, JSON.parse(lines[0]).n, JSON.parse(lines[1]).n, lines[2], err], [3, 0, 1, '0', ''])
  }
  assert.ok(!existsSync(join(dir, 'lock')))
}))

test('it reads from the log no faster than its output is read', { skip: process.platform !== 'linux' }, () => inFolder(async folder => {
  const dir = join(folder, 'log')
  await fill(dir, 60_000)
  const { process: child } = start([dir, 'cat'])
  child.stdout.pause()
  // It reads, until it has nowhere to put what it has read.
  const read = () => Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${child.pid}/io`, 'utf8'))[1])
  for (let last = -1, same = 0; same < 10; last = read()) {
    await sleep(50)
    same = read() === last && last > 6e6 ? same + 1 : 0
  }
  assert.ok(read() < 25e6, `it has read ${read()} bytes of a log of 60 MB`)
  child.stdout.resume()
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
}))

test('append takes lines as they come', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  const { process: child, ended } = start([dir, 'append'])
  child.stdin.write('{"n":0}\n{"n":')
  // The first line is stored while the second is still being written.
  for (let waited = 0; !logOf(dir).includes('{"n":0}'); waited += 20) {
    assert.ok(waited < 60_000)
    await sleep(20)
  }
  child.stdin.end('1}\n')
  const { code, stdout } = await ended
  assert.deepEqual([code, stdout], [0, '1\n'])
}))

// All bytes of a log.
const logOf = dir => {
  try {
    return readdirSync(dir).filter(name => name.endsWith('.log')).map(name => readFileSync(join(dir, name), 'latin1')).join('')
  } catch {
    return ''
  }
}

for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) {
  test(`${signal} ends append and import, and keeps what came`, { skip: process.platform === 'win32' }, () => inFolder(async folder => {
    const dir = join(folder, 'log')
    const appending = start([dir, 'append'])
    appending.process.stdin.write('{"n":0}\n')
    for (let waited = 0; !logOf(dir).includes('{"n":0}'); waited += 20) {
      assert.ok(waited < 60_000)
      await sleep(20)
    }
    appending.process.kill(signal)
    const appended = await appending.ended
    assert.deepEqual([appended.code, appended.signal], [code, null])
    assert.match(appended.stderr, /interrupted/)

    const importing = start([dir, 'import', '--format', 'ndjson'])
    const line = `{"imported":"${'x'.repeat(1000)}"}\n`
    importing.process.stdin.write(line.repeat(3000))
    for (let waited = 0; logOf(dir).split('imported').length < 2000; waited += 20) {
      assert.ok(waited < 60_000)
      await sleep(20)
    }
    importing.process.kill(signal)
    const interrupted = await importing.ended
    assert.deepEqual([interrupted.code, interrupted.stdout], [code, ''])
    assert.match(interrupted.stderr, /the same command goes on/)
    const again = await run([dir, 'import', '--format', 'ndjson'], line.repeat(3000))
    assert.equal(again.code, 0, again.stderr)
    const { records, skipped } = JSON.parse(again.stdout)
    assert.ok(skipped >= 1000 && records + skipped === 3000)
    const { stdout } = await run([dir, 'stats'])
    assert.equal(JSON.parse(stdout).records, 3001)
  }))
}

test('a bar on stderr shows progress where that is a terminal, and is gone at the end', () => inFolder(async folder => {
  const [dir, file] = [join(folder, 'log'), join(folder, 'lines')]
  writeFileSync(file, `{"pad":"${'x'.repeat(1000)}"}\n`.repeat(8000))
  const quiet = await run([join(folder, 'other'), 'import', file])
  assert.equal(quiet.stderr, '')
  const imported = await run([dir, 'import', file], '', { terminal: true })
  assert.match(imported.stderr, /\r\x1b\[K█+░* \d+ %  [\d,]+ records  [\d,]+\/s/)
  assert.match(imported.stderr, /\r\x1b\[K$/)
  assert.equal(JSON.parse(imported.stdout).records, 8000)
  const verified = await run([dir, 'verify'], '', { terminal: true })
  assert.match(verified.stderr, /100 %/)
  assert.deepEqual(JSON.parse(verified.stdout).damage, [])
}))

test('an output that cannot be written is a failure', { skip: process.platform !== 'linux' }, () => inFolder(async folder => {
  const dir = join(folder, 'log')
  await fill(dir, 1000)
  const shell = spawn('bash', ['-c', '"$0" "$1" "$2" cat > /dev/full', process.execPath, cli, dir])
  let err = ''
  shell.stderr.on('data', data => { err += data })
  const [code] = await once(shell, 'close')
  assert.equal(code, 1)
  assert.match(err, /writing to stdout: .*ENOSPC/)
}))
