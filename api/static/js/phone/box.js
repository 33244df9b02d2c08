// The phone's outbox: photos wait here (IndexedDB) until the server has given its receipt. Used by the page and by the service worker,
// which knows no import map; hence the plain addresses.
import { openDB } from "/vendor/idb.js";

const opened = openDB("c1-kirim", 1, {
  upgrade(db) { db.createObjectStore("photos", { keyPath: "key" }); db.createObjectStore("said"); },
});

export const outbox = {
  // {key, user, sha256, blob, name, election, tps, label, added, sent, state: "waits"|"refused", error, hints}
  put: async (item) => (await opened).put("photos", item),
  get: async (key) => (await opened).get("photos", key),
  all: async () => (await (await opened).getAll("photos")).sort((a, b) => a.added - b.added),
  remove: async (key) => (await opened).delete("photos", key),
  patch: async (key, change) => {
    const tx = (await opened).transaction("photos", "readwrite"), item = await tx.store.get(key);
    if (item) await tx.store.put({ ...item, ...change });
    await tx.done;
    return item ? { ...item, ...change } : null;
  },
};

const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");

// The photo's SHA-256, or a name of our own where the browser offers no digest (a page without HTTPS).
export async function name(blob) {
  if (globalThis.crypto.subtle) { const sha256 = hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())); return { key: sha256, sha256 }; }
  return { key: hex(crypto.getRandomValues(new Uint8Array(32)).buffer), sha256: null };
}
