// Crashes the wasm under an open log, and answers what every kind of call then says. The same code runs in Node and on a
// page. open opens the log anew.

export async function crashUnder ({ open, trap }) {
  const answer = promise => Promise.race([
    promise.then(value => ({ value }), error => ({ code: error.code })),
    new Promise(resolve => setTimeout(resolve, 10_000, { hangs: true }))
  ])
  const db = open()
  for (let n = 0; n < 10; n++) await db.append({ n })

  // Under way when it happens:
  const heard = []
  const live = (async () => { for await (const { seq } of db.stream({ live: true })) heard.push(seq) })()
  while (heard.length < 10) await new Promise(resolve => setTimeout(resolve, 1))
  const before = [live, db.append({ n: 10 }), db.append([{ n: 11 }, { n: 12 }]), db.verify()].map(answer)
  trap.set = true
  const answers = { before: await Promise.all(before) }
  // And asked for after it:
  answers.after = await Promise.all([db.append({ n: 13 }), db.stream().collect(), db.verify()].map(answer))
  trap.set = false
  answers.late = [await answer(db.append({ n: 14 })), await answer(db.get(3))]
  answers.close = await answer(db.close())

  // A log opened now starts a module of its own.
  const again = open()
  answers.again = await answer(again.stream({ seqs: false }).collect())
  answers.appended = await answer(again.append({ again: true }))
  answers.verified = await answer(again.verify())
  await again.close()
  return answers
}
