// The camat's page. Zips go as they are; a folder, or several files, become one zip on the way (zip.js).
import { placePicker } from "app/place.js";
import { MOST_BYTES, MOST_FILES, zip } from "app/imports/zip.js";
import { nameOf, NoSession, sendFile } from "app/imports/sending.js";

const $ = (s) => document.querySelector(s);
const form = $("#import"), drop = $("#drop"), problem = $("#import-error"), sending = $("#sending"), runs = $("#runs"), empty = $("#runs-empty");
const texts = JSON.parse($("#texts").textContent), most = Number(form.dataset.maxBytes), skip = new Set(form.dataset.skip.split(" "));
const say = (key, values = {}) => Object.entries(values).reduce((s, [k, v]) => s.replace(`{${k}}`, v), texts[key]);
const place = placePicker(document.querySelector("[data-place]"));
const complain = (text) => { problem.textContent = text; problem.hidden = !text; };
let turn = Promise.resolve(); // one file after the other: two would only share the line

function row(name) {
  const li = document.createElement("li");
  li.className = "imp-run is-busy";
  li.innerHTML = '<strong class="imp-name"></strong><p class="imp-say" role="status"><span class="spin" aria-hidden="true"></span><span data-text></span></p><progress class="bar" max="1" value="0"></progress><p class="small-text" data-skipped hidden></p><button type="button" class="btn btn-sm btn-outline-secondary" data-cancel></button>';
  li.querySelector(".imp-name").textContent = name;
  li.querySelector("progress").setAttribute("aria-label", name);
  li.querySelector("[data-cancel]").textContent = say("imp.cancel");
  sending.append(li);
  empty.hidden = true;
  return li;
}
const tell = (li, text, share) => { li.querySelector("[data-text]").textContent = text; if (share !== undefined) li.querySelector("progress").value = share; };
function fail(li, text, again) {
  li.className = "imp-run is-bad";
  li.querySelector(".spin").hidden = true; li.querySelector("progress").hidden = true;
  tell(li, text);
  const button = li.querySelector("[data-cancel]");
  if (!again) { button.remove(); return; }
  const next = button.cloneNode(); next.textContent = say("imp.retry");
  next.addEventListener("click", () => { li.remove(); again(); });
  button.replaceWith(next);
}

const options = async () => ({
  election: $("#election").value, tps: place.code || "auto",
  senders: $("#senders").files.length ? await $("#senders").files[0].text() : "",
});

// make: gives the blob to send, once it is its turn.
function send(name, age, make, skipped, told) {
  const li = row(name), stop = new AbortController(), again = () => send(name, age, make, skipped, told);
  li.querySelector("[data-cancel]").addEventListener("click", () => { stop.abort(); li.remove(); empty.hidden = Boolean(sending.children.length + runs.children.length); });
  if (skipped) { const note = li.querySelector("[data-skipped]"); note.textContent = say("imp.skipped", { count: skipped }); note.hidden = false; }
  tell(li, say("imp.sending", { percent: 0 }), 0);
  turn = turn.then(async () => {
    if (stop.signal.aborted) return;
    try {
      const blob = await make((done, of) => tell(li, say("imp.preparing", { count: of }), done / of));
      if (blob.size > most) { fail(li, say("imp.too_large")); return; }
      const start = { key: await nameOf(blob, name, age), size: blob.size, name, ...told };
      const id = await sendFile(blob, start, ({ share, waiting }) => tell(li, waiting ? say("imp.waiting", { percent: Math.floor(share * 100) }) : share < 1 ? say("imp.sending", { percent: Math.floor(share * 100) }) : say("imp.checking"), share), stop.signal);
      const answer = await fetch(`/impor/${id}/baris`, { headers: { "HX-Request": "true" } });
      const holder = document.createElement("template");
      holder.innerHTML = (await answer.text()).trim();
      const made = holder.content.firstElementChild;
      document.getElementById(made.id)?.remove();
      runs.prepend(made);
      window.htmx.process(made);
      li.remove();
      for (const note of document.querySelectorAll("[data-unfinished]")) if (note.textContent.trim().startsWith(`${name}:`)) note.remove();
    } catch (e) {
      if (e.name === "AbortError") return;
      fail(li, e instanceof NoSession ? say("imp.login") : e.message || document.body.dataset.errorNetwork, e instanceof NoSession ? null : again);
    }
  });
}

const hidden = (path) => path.split("/").some((p) => p.startsWith(".") || p.startsWith("__MACOSX"));
const ending = (name) => (name.includes(".") ? name.slice(name.lastIndexOf(".")).toLowerCase() : "");

// entries: [{path, file}]; base: the folder's name, "" for single files: names say where photos belong, so we invent none.
async function take(entries, base) {
  complain("");
  let told;
  try { told = await options(); } catch { complain(document.body.dataset.errorNetwork); return; }
  const wanted = entries.filter(({ path }) => !hidden(path)), good = wanted.filter(({ path }) => !skip.has(ending(path)));
  const zips = good.filter(({ path }) => ending(path) === ".zip"), rest = good.filter(({ path }) => ending(path) !== ".zip");
  if (!good.length) { complain(say("imp.empty")); return; }
  for (const { file } of zips) {
    if (file.size > most) complain(`${file.name}: ${say("imp.too_large")}`);
    else send(file.name, file.lastModified, async () => file, 0, told);
  }
  const skipped = wanted.length - good.length;
  if (rest.length === 1 && !base) { const { file } = rest[0]; send(file.name, file.lastModified, async () => file, skipped, told); return; }
  if (!rest.length) return;
  const bytes = rest.reduce((n, { file, path }) => n + file.size + 100 + 2 * path.length, 0);
  if (bytes > Math.min(most, MOST_BYTES) || rest.length > MOST_FILES) { complain(say("imp.too_large")); return; }
  const newest = Math.max(...rest.map(({ file }) => file.lastModified));
  send(`${base || "foto"}.zip`, newest, (hear) => zip(rest, hear), skipped, told);
}

$("#files").addEventListener("change", (e) => { take([...e.target.files].map((file) => ({ path: file.name, file })), ""); e.target.value = ""; });
$("#folder").addEventListener("change", (e) => {
  const files = [...e.target.files], base = files.length ? files[0].webkitRelativePath.split("/")[0] : "";
  take(files.map((file) => ({ path: file.webkitRelativePath.slice(base.length + 1), file })), base);
  e.target.value = "";
});
drop.addEventListener("dragover", (e) => { e.preventDefault(); drop.classList.add("over"); });
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (e) => { e.preventDefault(); drop.classList.remove("over"); take([...e.dataTransfer.files].map((file) => ({ path: file.name, file })), ""); });
form.addEventListener("submit", (e) => e.preventDefault());
window.addEventListener("beforeunload", (e) => { if (sending.querySelector(".is-busy")) e.preventDefault(); });
