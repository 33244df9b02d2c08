// A part of a page that brings itself up to date: asks every few seconds with the ETag it has, so that an unchanged count costs next to
// nothing on a slow line. While the line is gone the last figures stay, and the page says since when.
import { refreshTables } from "app/tables.js";

const SLOWEST = 60_000;

// New HTML into the page, part by part: only what differs, with open lists, the focus and a table's sorting kept.
export function replaceParts(into, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  let changed = 0;
  for (const part of fresh.querySelectorAll(".live-part")) {
    const old = document.getElementById(part.id);
    if (!old) { into.append(part); changed++; continue; }
    const text = part.innerHTML;
    if (kept.get(part.id) === text) continue;
    kept.set(part.id, text);
    const open = new Set([...old.querySelectorAll("details[open]")].map((d) => d.id));
    const focus = old.contains(document.activeElement) ? pathTo(old, document.activeElement) : null;
    old.innerHTML = text;
    Object.assign(old.dataset, part.dataset);
    for (const d of old.querySelectorAll("details")) if (open.has(d.id)) d.open = true;
    refreshTables(old);
    if (focus) find(old, focus)?.focus({ preventScroll: true });
    changed++;
  }
  return changed;
}
const kept = new Map();

function pathTo(root, element) {
  if (element.id) return { id: element.id };
  const path = [];
  for (let e = element; e !== root; e = e.parentElement) path.unshift([...e.parentElement.children].indexOf(e));
  return { path };
}
function find(root, { id, path }) {
  if (id) return document.getElementById(id);
  return path.reduce((e, i) => e?.children[i], root);
}

// Calls back with HTML when something changed, with null when nothing did; `gone` while there is no answer.
export function follow(url, seconds, etag, { fresh, gone, back }) {
  let wait = seconds * 1000, timer = 0, lost = false, stopped = false, asking = false;
  async function ask() {
    clearTimeout(timer);
    if (asking) return;
    if (stopped || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(url, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", signal: AbortSignal.timeout(25_000) });
      if (answer.status === 401 || answer.status === 403 || answer.redirected) { location.reload(); return; }
      if (!answer.ok && answer.status !== 304) throw new Error(`status ${answer.status}`);
      const html = answer.status === 304 ? null : await answer.text();
      etag = answer.headers.get("ETag") ?? etag;
      wait = seconds * 1000;
      if (lost) { lost = false; back(); }
      fresh(html);
    } catch {
      wait = Math.min(wait * 1.7, SLOWEST);
      lost = true;
      gone();
    } finally {
      asking = false;
      if (!stopped) timer = setTimeout(ask, wait);
    }
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  addEventListener("online", ask);
  addEventListener("offline", () => { lost = true; gone(); });
  timer = setTimeout(ask, wait);
  return { ask, stop() { stopped = true; clearTimeout(timer); }, start() { stopped = false; ask(); } };
}

