// Sends what waits in the outbox, one photo after the other, in pieces that a bad line can carry. Runs in the page and in the service worker.
import { outbox } from "/static/js/phone/box.js";

const SMALLEST = 16 * 1024, LARGEST = 1024 * 1024, FIRST = 128 * 1024;
const GOOD = 4000; // a piece should take about this many milliseconds: long enough to be worth its round trip, short enough to lose little
let size = FIRST;

const json = { "Content-Type": "application/json", Accept: "application/json" };

export class NoLine extends Error {}
export class NoSession extends Error {}
class Refused extends Error { constructor(error, status) { super(error.code); this.error = error; this.status = status; } }

async function ask(method, path, headers, body, token) {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 60_000);
  let response, answer;
  try {
    response = await fetch(path, { method, headers: { ...headers, "X-CSRF-Token": token }, body, signal: stop.signal });
    answer = await response.json();
  } catch { throw new NoLine(); } finally { clearTimeout(timer); }
  if (response.ok) return answer;
  if (response.status === 401 || (answer.error && answer.error.code === "csrf")) throw new NoSession();
  if (response.status >= 500 || response.status === 429 || !answer.error) throw new NoLine();
  throw new Refused(answer.error, response.status);
}

// Who is logged in, and the form token: the service worker has no page to read it from. Throws NoLine, NoSession.
export async function session() {
  let response;
  try { response = await fetch("/api/session", { headers: { Accept: "application/json" } }); } catch { throw new NoLine(); }
  if (response.status === 401) throw new NoSession();
  if (!response.ok) throw new NoLine();
  return response.json();
}

async function sendOne(item, token, tell) {
  const start = { key: item.key, sha256: item.sha256, size: item.blob.size, name: item.name, election: item.election, tps: item.tps };
  let here = await ask("POST", "/api/uploads", json, JSON.stringify(start), token);
  for (let again = 0; here.state === "open"; ) {
    await tell(item.key, { sent: here.offset });
    const began = performance.now(), piece = item.blob.slice(here.offset, here.offset + size);
    try {
      here = await ask("PATCH", `/api/uploads/${item.key}?offset=${here.offset}`, { "Content-Type": "application/octet-stream", Accept: "application/json" }, piece, token);
      const took = performance.now() - began;
      size = Math.max(SMALLEST, Math.min(LARGEST, took < GOOD / 2 ? size * 2 : took > GOOD * 2 ? size / 2 : size));
    } catch (e) {
      if (e instanceof NoLine) size = Math.max(SMALLEST, size / 2);
      if (!(e instanceof Refused) || ++again > 5) throw e;
      if (e.error.code === "upload_offset") here = { state: "open", offset: e.error.details.offset };
      else if (["upload_unknown", "upload_damaged"].includes(e.error.code)) here = await ask("POST", "/api/uploads", json, JSON.stringify(start), token);
      else throw e;
    }
  }
  return here;
}

// Send everything that waits. `tell(key, change)` hears of progress ({sent}), of the receipt ({receipt, again}) and of refusals ({error}).
// Throws NoLine or NoSession with the rest still waiting. Only one of page and worker sends at a time.
export async function drain(tell = async () => {}) {
  const work = async () => {
    const me = await session();
    for (;;) {
      const item = (await outbox.all()).find((i) => i.state === "waits" && i.user === me.username);
      if (!item) return;
      try {
        const done = await sendOne(item, me.csrf, tell);
        await outbox.remove(item.key);
        await tell(item.key, { receipt: done.receipt, again: done.again });
      } catch (e) {
        if (!(e instanceof Refused)) throw e;
        await outbox.patch(item.key, { state: "refused", error: e.error });
        await tell(item.key, { error: e.error });
      }
    }
  };
  return navigator.locks ? navigator.locks.request("c1-kirim", work) : work();
}
