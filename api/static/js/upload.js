// The operator's page. A chosen photo goes into the phone's outbox first and is sent from there, now or when the signal is back.
import { placePicker } from "app/place.js";
import { name, outbox } from "/static/js/phone/box.js";
import { look } from "/static/js/phone/look.js";
import { row, say, showHints, showRefused, showSending, showWaiting } from "/static/js/phone/rows.js";
import { drain, NoLine, NoSession } from "/static/js/phone/sender.js";

const $ = (s) => document.querySelector(s);
const form = $("#send"), drop = $("#drop"), box = $("#outbox"), sent = $("#sent"), empty = $("#sent-empty"), problem = $("#send-error");
const election = $("#election"), line = $("#line"), list = $("#checklist"), me = form.dataset.user;
const root = document.querySelector("[data-place]");
const rows = new Map();
let noLine = !navigator.onLine, pause = 2000, timer = 0, sending = false, loggedOut = false;

// ------------------------------------------------------------------ what the page remembers
const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode */ } };
try { const last = localStorage.getItem("c1-last-election"); if ([...election.options].some((o) => o.value === last)) election.value = last; } catch { /* private mode */ }
election.addEventListener("change", () => { remember("c1-last-election", election.value); loadList(); });
root.addEventListener("placed", () => loadList());
const place = placePicker(root, { remember: true });

// ------------------------------------------------------------------ the list of pages
let turn = 0;
async function loadList() {
  if (!place.code) return;
  const mine = ++turn, again = () => setTimeout(() => { if (mine === turn) loadList(); }, 3000);
  const open = [...list.querySelectorAll("details")].filter((d) => d.open).map((d) => d.dataset.election);
  let response;
  try { response = await fetch(`/unggah/daftar?tps=${place.code}&election=${encodeURIComponent(election.value)}`, { headers: { "HX-Request": "true" } }); } catch { again(); return; }
  const text = await response.text().catch(() => "");
  if (mine !== turn) return; // a later question has been asked
  if (!response.ok) { if (response.status >= 500) again(); return; }
  list.innerHTML = text;
  for (const d of list.querySelectorAll("details")) if (open.includes(d.dataset.election)) d.open = true;
}
list.addEventListener("click", (e) => {
  const take = e.target.closest("[data-take]");
  if (!take) return;
  election.value = take.dataset.take; remember("c1-last-election", election.value);
  $("#camera").click();
});
setInterval(() => { if (!document.hidden && !noLine) loadList(); }, 20_000);

// ------------------------------------------------------------------ the line at the top
async function showLine() {
  const items = await outbox.all(), mine = items.filter((i) => i.user === me && i.state === "waits"), others = items.find((i) => i.user !== me);
  const words = [];
  if (loggedOut) words.push(say("phone.login"));
  else if (noLine) words.push(say("phone.offline"));
  if ((noLine || loggedOut) && mine.length) words.push(say("phone.waiting", { count: mine.length }) + ".");
  if (others) words.push(say("phone.others", { count: items.filter((i) => i.user === others.user).length, user: others.user }));
  line.querySelector("[data-say]").textContent = words.join(" ");
  line.querySelector("[data-login]").hidden = !loggedOut;
  line.classList.toggle("calm", !noLine && !loggedOut);
  line.hidden = !words.length;
}

// ------------------------------------------------------------------ rows
function add(item) {
  const made = row(item);
  rows.set(item.key, made);
  box.prepend(made);
  empty.hidden = true;
  if (item.state === "refused") refuse(item.key, item.error);
  else showWaiting(made, { share: (item.sent || 0) / item.blob.size, line: !noLine });
  showHints(made, item.hints || [], () => $("#camera").click());
  return made;
}

const forget = async (key) => { await outbox.remove(key); rows.get(key)?.remove(); rows.delete(key); empty.hidden = Boolean(box.children.length + sent.children.length); showLine(); };

function refuse(key, error) {
  const made = rows.get(key);
  if (made) showRefused(made, error, { drop: () => forget(key), again: error.code.startsWith("duplicate") ? null : async () => { await outbox.patch(key, { state: "waits", error: null }); showWaiting(made, { line: !noLine }); made.querySelector(".card-acts").replaceChildren(); kick(); } });
}

async function arrived(key, receipt) {
  const answer = await fetch(`/foto/${receipt.id}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  rows.get(key)?.remove(); rows.delete(key);
  if (answer && answer.ok) {
    const holder = document.createElement("template");
    holder.innerHTML = (await answer.text()).trim();
    const card = holder.content.firstElementChild;
    sent.querySelector(`#${card.id}`)?.remove();
    sent.prepend(card);
    window.htmx.process(card);
  }
  loadList();
}

// What sender says of one photo: from here, or from the service worker.
async function tell(key, change) {
  if (!rows.has(key)) return;
  if (change.sent !== undefined) {
    const item = await outbox.patch(key, { sent: change.sent });
    if (item) showSending(rows.get(key), change.sent / item.blob.size);
  } else if (change.receipt) await arrived(key, change.receipt);
  else if (change.error) refuse(key, change.error);
}

// ------------------------------------------------------------------ sending
async function kick() {
  if (sending) return;
  sending = true; clearTimeout(timer);
  try {
    await drain(tell);
    noLine = false; loggedOut = false; pause = 2000;
  } catch (e) {
    if (e instanceof NoSession) loggedOut = true;
    else if (e instanceof NoLine) { noLine = true; timer = setTimeout(kick, pause); pause = Math.min(pause * 1.6, 60_000); }
    else throw e;
    for (const item of await outbox.all()) if (item.state === "waits" && rows.has(item.key)) showWaiting(rows.get(item.key), { share: (item.sent || 0) / item.blob.size, line: false });
  } finally { sending = false; showLine(); }
}

// The browser sends what waits even after this page was closed, where it can.
const later = async () => { try { await (await navigator.serviceWorker.ready).sync.register("c1-kirim"); } catch { /* not offered here: the page sends when it is opened */ } };

async function take(files) {
  problem.hidden = true;
  const complain = (text) => { problem.textContent = text; problem.hidden = false; };
  if (!place.code) { complain(say("upload.tps.missing")); place.focus(); return; }
  const where = { election: election.value, tps: place.code, label: root.querySelector("[data-label]").textContent };
  for (const file of files) {
    // said before megabytes are spent on it; the server decides all the same
    if (file.size > Number(form.dataset.maxBytes)) { complain(`${file.name}: ${say("upload.too_large")}`); continue; }
    // a copy of the bytes: a file chosen from the gallery may be gone when its turn comes
    const blob = new Blob([await file.arrayBuffer()], { type: file.type }), named = await name(blob);
    const known = await outbox.get(named.key);
    if (known && known.state === "waits") { complain(say("phone.twice")); continue; }
    if (known) await forget(named.key);
    const item = { ...named, ...where, user: me, blob, name: file.name, added: Date.now(), sent: 0, state: "waits", error: null, hints: [] };
    try { await outbox.put(item); } catch { complain(say("phone.full")); return; }
    const made = add(item);
    look(blob).then(({ hints }) => { if (!hints.length) return; outbox.patch(item.key, { hints }); if (rows.get(item.key) === made) showHints(made, hints, () => $("#camera").click()); });
  }
  navigator.storage?.persist?.();
  later();
  showLine();
  kick();
}

for (const input of form.querySelectorAll("input[type=file]")) input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
drop.addEventListener("dragover", (e) => { e.preventDefault(); drop.classList.add("over"); });
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (e) => { e.preventDefault(); drop.classList.remove("over"); take([...e.dataTransfer.files]); });
form.addEventListener("submit", (e) => e.preventDefault());
window.addEventListener("online", () => { pause = 2000; noLine = false; kick(); loadList(); });
window.addEventListener("offline", () => { noLine = true; showLine(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) kick(); });

if (navigator.serviceWorker) {
  navigator.serviceWorker.register("/sw.js", { type: "module" }).catch(() => { /* an old browser: the page works while it is open */ });
  navigator.serviceWorker.addEventListener("message", (e) => tell(e.data.key, e.data.change));
}
for (const item of await outbox.all()) if (item.user === me) add(item);
loadList();
showLine();
kick();
