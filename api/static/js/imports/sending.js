// One large file to the server in pieces, as often and as long as the line needs.
import { call, Refused } from "app/http.js";

const SMALLEST = 64 * 1024, LARGEST = 1024 * 1024, GOOD = 4000;
const token = document.querySelector("meta[name=csrf]").content;
export class NoSession extends Error {}

// A name for the file's content that costs no reading of two gigabytes: what it is called, how long, how old, its first and last bytes.
export async function nameOf(blob, name, age) {
  const told = new TextEncoder().encode(`${name}|${blob.size}|${age}|`), ends = [blob.slice(0, 65536), blob.slice(-65536)];
  const bytes = new Uint8Array(await new Blob([told, ...ends]).arrayBuffer());
  const words = [];
  for (let seed = 0; seed < 8; seed += 1) { // FNV-1a, eight seeds: a name, no proof
    let h = (0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1)) >>> 0;
    for (let i = 0; i < bytes.length; i += 1) h = Math.imul(h ^ bytes[i], 0x01000193) >>> 0;
    words.push(h.toString(16).padStart(8, "0"));
  }
  return words.join("");
}

async function patch(key, offset, piece, signal) {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 120_000);
  signal.addEventListener("abort", () => stop.abort(), { once: true });
  let response, answer;
  try {
    response = await fetch(`/api/imports/${key}?offset=${offset}`, {
      method: "PATCH", body: piece, signal: stop.signal,
      headers: { "X-CSRF-Token": token, Accept: "application/json", "Content-Type": "application/octet-stream" },
    });
    answer = await response.json();
  } catch { throw new Refused({ code: "network", message: "", message_en: "" }, 0); } finally { clearTimeout(timer); }
  if (!response.ok) throw new Refused(answer.error, response.status);
  return answer;
}

const passing = (e) => e instanceof Refused && (e.status === 0 || e.status === 429 || (e.status >= 500 && e.code !== "storage_full"));
const wait = (ms, signal) => new Promise((done) => { const timer = setTimeout(done, ms); const now = () => { clearTimeout(timer); done(); }; signal.addEventListener("abort", now, { once: true }); window.addEventListener("online", now, { once: true }); });

// told({share, waiting}) hears how far it is. Returns the import's number. Throws Refused, NoSession, or AbortError when `signal` says stop.
export async function sendFile(blob, start, told, signal) {
  let here = null, size = 256 * 1024, pause = 2000, mended = 0;
  for (;;) {
    if (signal.aborted) throw new DOMException("", "AbortError");
    try {
      if (here === null) here = await call("POST", "/api/imports", start);
      told({ share: here.offset / blob.size, waiting: false });
      const began = performance.now(), last = here.offset + size >= blob.size;
      if (last) told({ share: 1, waiting: false });
      here = await patch(start.key, here.offset, blob.slice(here.offset, here.offset + size), signal);
      const took = performance.now() - began;
      if (here.state === "begun") return here.import;
      size = Math.max(SMALLEST, Math.min(LARGEST, took < GOOD / 2 ? size * 2 : took > GOOD * 2 ? size / 2 : size));
      pause = 2000; mended = 0;
    } catch (e) {
      if (signal.aborted) throw new DOMException("", "AbortError");
      if (!(e instanceof Refused)) throw e;
      if (e.status === 401 || e.code === "csrf") throw new NoSession();
      if (e.code === "upload_offset" && mended < 5) { mended += 1; here = { state: "open", offset: e.details.offset }; continue; }
      if (e.code === "upload_unknown" && mended < 5) { mended += 1; here = null; continue; }
      if (!passing(e)) throw e;
      size = Math.max(SMALLEST, size / 2);
      told({ share: here === null ? 0 : here.offset / blob.size, waiting: true });
      await wait(pause, signal);
      pause = Math.min(pause * 1.6, 60_000);
      here = null; // ask where the server stands
    }
  }
}
