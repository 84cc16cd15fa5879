// IndexedDB as promises, for the peers that use it bare.

export function openDatabase(name) {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => request.result.createObjectStore('records')
  return answer(request)
}

export function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

export function write(db, durability, work) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction('records', 'readwrite', { durability })
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
    work(transaction.objectStore('records'))
    transaction.commit()
  })
}

export function read(db, work) {
  return work(db.transaction('records', 'readonly').objectStore('records'))
}

export async function newestKey(db) {
  const cursor = await answer(read(db, (store) => store.openKeyCursor(null, 'prev')))
  return cursor ? cursor.key : -1
}
