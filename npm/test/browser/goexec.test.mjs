// The runner of Go tests in Chromium can be trusted: it passes on what a test binary says, and leaves nothing running.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const goexec = fileURLToPath(new URL('../../scripts/goexec.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'flumedb-goexec-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const source = `package sample

import (
	"fmt"
	"os"
	"syscall/js"
	"testing"
	"time"
)

func TestSample(t *testing.T) {
	fmt.Println("in a page:", js.Global().Get("document").Truthy(), "with IndexedDB:", js.Global().Get("indexedDB").Truthy())
	switch os.Getenv("FLUMEDB_SAMPLE") {
	case "fail":
		t.Fatal("it fails")
	case "panic":
		panic("it panics")
	case "wait":
		time.Sleep(time.Hour)
	}
}
`
before(() => {
  writeFileSync(join(folder, 'go.mod'), 'module sample\n\ngo 1.26\n')
  writeFileSync(join(folder, 'sample_test.go'), source)
  execFileSync('go', ['test', '-c', '-o', 'sample.wasm', '.'], { cwd: folder, env: { ...process.env, GOOS: 'js', GOARCH: 'wasm' } })
})

// Answers the exit code and all output. started is given the process, to do with it what it likes.
function run (context, sample, started) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [goexec, context, join(folder, 'sample.wasm'), '-test.v'], { env: { ...process.env, TMPDIR: folder, FLUMEDB_SAMPLE: sample }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => { output += data })
    child.once('error', reject)
    child.once('close', code => resolve({ code, output }))
    started?.(child, () => output)
  })
}

// Chromiums that run on a profile in our folder.
const running = () => readdirSync('/proc').filter(name => /^\d+$/.test(name)).filter(pid => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--user-data-dir=${folder}`)
  } catch {
    return false // it ended while we looked
  }
})

for (const [context, inPage] of [['chromium:page', true], ['chromium:worker', false]]) {
  for (const [sample, code, says] of [['pass', 0, /^PASS$/m], ['fail', 1, /it fails/], ['panic', 2, /panic: it panics/]]) {
    test(`${context}: a test that does ${sample} exits with ${code}`, { timeout: 60_000 }, async () => {
      const result = await run(context, sample)
      assert.equal(result.code, code, result.output)
      assert.match(result.output, says)
      assert.match(result.output, new RegExp(`in a page: ${inPage} with IndexedDB: true`))
      assert.deepEqual(running(), [])
    })
  }
}

test('a killed runner takes its Chromium with it', { timeout: 60_000 }, async () => {
  await run('chromium:page', 'wait', (child, output) => {
    const wait = setInterval(() => {
      if (!output().includes('in a page')) return
      clearInterval(wait)
      assert.notDeepEqual(running(), [])
      child.kill('SIGKILL')
    }, 50)
  })
  for (let i = 0; i < 100 && running().length > 0; i++) await new Promise(resolve => setTimeout(resolve, 50))
  assert.deepEqual(running(), [])
})
