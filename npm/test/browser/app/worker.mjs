import Flume, { Log } from 'flumedb-wasm'

main()

async function main () {
  const db = Flume(Log('visits'))
  const seq = await db.append({ by: 'worker' })
  await db.close()
  postMessage(seq)
}
