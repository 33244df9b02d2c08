// The reviewer's desk: one sheet at a time, by keyboard, touch or mouse. Doubts first; nothing is committed that was not on the screen.
import { check, numbersOf } from "app/rules.js";
import { viewer } from "app/viewer.js";
import { corners } from "app/desk/corners.js";
import { dialogs } from "app/desk/dialogs.js";
import { keypad } from "app/desk/keypad.js";
import { listen } from "app/desk/keys.js";
import { Numeral, el } from "app/desk/numbers.js";
import { Ahead, pictures, server } from "app/desk/server.js";
import { Lease } from "app/desk/lease.js";

const $ = (s) => document.querySelector(s);
const desk = $("#desk"), english = document.body.dataset.lang === "en";
const say = JSON.parse($("#desk-texts").textContent);
const said = (o, key = "text") => (english ? o[`${key}_en`] : o[key]) ?? o.message ?? "";
const filter = Object.fromEntries(Object.entries({ election: desk.dataset.election, kecamatan: desk.dataset.kecamatan, reason: desk.dataset.reason }).filter(([, v]) => v));
const view = viewer($("#viewport"), $("#canvas"), $("#overlay"));
const ahead = new Ahead(filter);
const GUARD = 250; // milliseconds after a sheet appears in which a key still meant for the last one does nothing
const FEW = 3, MANY = 6; // doubtful numbers up to which each has a very large, a large card
const RULE_DOUBTS = new Set(["sum_mismatch", "bound_broken"]);

let sheet = null, numbers = [], active = null, ready = false, busy = false;
let steps = [], last = null, faults = new Set(), undoable = null, byHand = null;
const byName = (name) => numbers.find((n) => n.name === name);
const label = (name) => byName(name)?.label ?? name;
const fill = (text, values) => Object.entries(values).reduce((t, [k, v]) => t.replaceAll(`{${k}}`, v), text);
const complain = (text) => { const e = $("#desk-error"); e.textContent = text; e.hidden = !text; };
// Why this one number is doubted, short where the code says it all.
const doubt = (r, n) => (say[`doubt.${r.code}`] ? fill(say[`doubt.${r.code}`], { percent: `${Math.floor((n.json.confidence ?? 0) * 1000) / 10}`.replace(".", say["decimal"]) }) : said(r, "message"));
const snapshot = () => Object.fromEntries(numbers.map((n) => [n.name, { ...n.cells.snapshot(), seen: n.seen }]));
const values = () => Object.fromEntries(numbers.map((n) => [n.name, n.value]));

const lease = new Lease(say, { lost: (text) => { ready = false; stop(text); }, near: (text) => { $("#lease").textContent = text; } });
const ask = dialogs({ say, english, reject: (body) => decide({ action: "reject", ...body }), move: (body) => decide({ action: "move", ...body }), current: () => sheet, back: () => active?.focus() });
const rescue = corners({ say, english, done: (fresh) => show(fresh, pictures(fresh)), close: () => { desk.classList.remove("placing"); active?.focus(); }, typed: typeAll });

// what counts as seen: only what has been on the screen
const watch = new IntersectionObserver((entries) => {
  for (const e of entries) if (e.isIntersecting) { const n = byName(e.target.closest("[data-number]").dataset.number); if (n) n.shown = true; }
}, { threshold: 0.9 });

async function show(next, loading = ahead.take(next)) {
  ready = false; lease.end();
  sheet = next; byHand = null; faults = new Set(); steps = []; active = null;
  document.body.dataset.ready = ""; desk.dataset.stage = sheet.stage ?? ""; desk.hidden = false; $("#stopped").hidden = $("#done").hidden = true;
  desk.classList.toggle("loading", true);
  const { page } = await loading;
  if (sheet !== next) return;
  history.replaceState(null, "", `/periksa/${sheet.id}${location.search}`);
  head();
  build();
  page.alt = say["picture"];
  view.load(page, Object.fromEntries(sheet.numbers.filter((n) => n.place).map((n) => [n.name, n.place])), (name) => byName(name)?.focus());
  desk.classList.toggle("loading", false);
  if (!sheet.aligned && !sheet.numbers.length) rescue.offer(sheet); else rescue.hide();
  refresh();
  order().find((n) => n.open)?.focus();
  if (!active) (numbers[0]?.focus() ?? $("#desk-title").focus());
  $("#said").textContent = `${sheet.tps.label}. ${$("#left").textContent}`;
  lease.begin(sheet);
  ahead.look();
  setTimeout(() => { if (sheet !== next) return; ready = true; document.body.dataset.ready = `${sheet.id}/${sheet.stamp}`; }, GUARD);
}

function head() {
  $("#desk-title").textContent = sheet.tps.label;
  document.title = `${sheet.tps.label} · C1 Banyuasin`;
  const page = sheet.page ? fill(say["page.number"], { page: sheet.page }) : say["page.unknown"];
  $("#desk-where").textContent = [say[`election.${sheet.election}`] ?? sheet.election, page, fill(say["uploaded"], { by: sheet.uploader })].join(" · ");
  $("#stage").textContent = say[`stage.${sheet.stage}`] ?? ""; $("#stage").hidden = !say[`stage.${sheet.stage}`];
  $("#second").hidden = !(sheet.needs_second && sheet.stage === "first");
  const whole = (sheet.reasons || []).filter((r) => !r.numbers.length);
  $("#why").replaceChildren(...whole.map((r) => el("li", { textContent: said(r) })));
  $("#why").hidden = !whole.length;
  $("#history").href = `/lembar/${sheet.id}`; $("#original").href = server.photo(sheet.id);
  const now = $("#counted");
  now.hidden = !sheet.committed;
  if (sheet.committed) now.querySelector("dl").replaceChildren(...sheet.numbers.map((n) => el("div", {}, el("dt", { textContent: english ? n.label_en : n.label }), el("dd", { textContent: sheet.committed[n.name] ?? "–" }))));
}

function build() {
  watch.disconnect();
  const first = sheet.doubt_order?.length ? sheet.doubt_order : sheet.numbers.map((n) => n.name), doubted = new Set(first);
  const make = (json, i) => new Numeral(sheet, json, { say, english, need: doubted.has(json.name), big: doubted.has(json.name) && (first.length <= MANY || sheet.blind), position: doubted.has(json.name) && first.length > 1 ? `${i + 1}/${first.length}` : "", on: { change: changed, focus: chosen } });
  const json = Object.fromEntries(sheet.numbers.map((n) => [n.name, n]));
  numbers = [...first.filter((n) => json[n]).map((n, i) => make(json[n], i)), ...sheet.numbers.filter((n) => !doubted.has(n.name)).map((n) => make(n, 0))];
  for (const n of numbers) {
    const before = sheet.previous?.[n.name];
    if (before !== undefined) { if (before === null) n.cells.illegible = true; else n.cells.text = n.cells._fitted(String(before)); n.cells.render(); }
    n.entries = (sheet.entries || []).filter(() => sheet.differs?.includes(n.name));
    if (n.entries.length === 2) n.choices.replaceChildren(...n.entries.map((e, i) => choice(n, e, i)));
  }
  $("#doubtful").replaceChildren(...numbers.filter((n) => n.need).map((n) => n.li));
  $("#doubtful").classList.toggle("compact", first.length > MANY && !sheet.blind);
  $("#doubtful").classList.toggle("several", first.length > FEW && first.length <= MANY);
  $("#others").replaceChildren(...numbers.filter((n) => !n.need).map((n) => n.li));
  $("#others-head").hidden = !numbers.some((n) => !n.need);
  $("#commit").hidden = !numbers.length;
  last = snapshot();
  for (const n of numbers) watch.observe(n.li.querySelector(".strip"));
}

// The two entries that differ, side by side: a third person sees both and the crop.
function choice(n, entry, i) {
  const value = entry.values[n.name] ?? null;
  const b = el("button", { type: "button", className: "btn btn-outline-secondary pick-entry" }, el("small", { textContent: say[entry.source === "machine" ? "entry.machine" : `entry.${i + 1}`] }), el("b", { textContent: value ?? "?" }), el("kbd", { textContent: "AB"[i] }));
  b.addEventListener("click", () => { pick(n, i); n.focus(); });
  return b;
}
function pick(n, i) {
  const entry = n?.entries?.[i];
  if (!entry) return;
  const value = entry.values[n.name] ?? null;
  if (value === null) n.cells.say(true); else n.cells.set(String(value).padStart(n.json.width, "X"));
}

const order = () => numbers;
function chosen(n) { active = n; view.show(n.name); for (const m of numbers) m.li.classList.toggle("here", m === n); lease.touch(); }
function changed() { const now = snapshot(); if (JSON.stringify(now) !== JSON.stringify(last)) { steps.push(last); last = now; } complain(""); refresh(); lease.touch(); }

function refresh() {
  const now = values(), findings = (sheet.rules || []).map((rule) => check(rule, now, label)), broken = findings.filter((f) => f.state === "broken");
  const sentence = (f) => fill(say[f.rule.kind === "sum" ? "sum.broken" : "bound.broken"], { left: f.left, right: f.right });
  const touching = (name) => findings.filter((f) => numbersOf(f.rule).includes(name));
  const hints = (sheet.hints || []).filter((h) => broken.length && Object.entries(h.changes).every(([n, v]) => now[n] !== v) && (sheet.rules || []).every((r) => check(r, { ...now, ...h.changes }, label).state !== "broken"));
  const told = hints.filter((h, i) => !i || h.probability >= 0.01);
  for (const n of numbers) {
    const mine = touching(n.name), holds = mine.length > 0 && mine.every((f) => f.state === "holds");
    n.released = n.json.doubts.length > 0 && n.json.doubts.every((d) => RULE_DOUBTS.has(d)) && holds && steps.length > 0;
    const first = hints.find((h) => n.name in h.changes);
    n.hint = first ? String(first.changes[n.name]) : null;
    const reasons = (sheet.reasons || []).filter((r) => r.numbers.includes(n.name) && !RULE_DOUBTS.has(r.code)).map((r) => doubt(r, n));
    const wrong = mine.filter((f) => f.state === "broken"), whole = wrong.filter((f) => f.rule.kind !== "sum" || f.rule.total === n.name);
    n.paint({ broken: whole.map(sentence), part: wrong.length > whole.length ? say["sum.part"] : "", reasons, settled: n.seen });
    view.paint(n.name, mine.some((f) => f.state === "broken") ? "broken" : n.seen ? "seen" : n.open ? "doubtful" : "");
  }
  $("#sums").replaceChildren(...broken.map((f) => el("li", { className: "broken", textContent: sentence(f) })));
  const hold = findings.filter((f) => f.state === "holds").length;
  $("#hold").textContent = hold && !sheet.blind ? fill(say["sums.hold"], { n: hold }) : "";
  $("#hints").replaceChildren(...told.map((h) => { const b = el("button", { type: "button", className: "hint", textContent: said(h) }); b.addEventListener("click", () => byName(Object.keys(h.changes)[0])?.focus()); return el("li", {}, b, el("small", { textContent: ` ${Math.round(h.probability * 100)} %` })); }));
  $("#hints-box").hidden = !hints.length;
  const illegible = numbers.some((n) => n.value === null), left = numbers.filter((n) => n.open).length;
  illegible ? faults.add("not_legible") : faults.delete("not_legible");
  if (!broken.length) faults.delete("sum");
  $("#left").textContent = !numbers.length ? "" : left ? fill(say["left"], { count: left }) : broken.length && !faults.has("sum") ? say["broken.left"] : say["ready"];
  const progress = $("#progress"), of = numbers.filter((n) => n.need).length;
  progress.max = of || 1; progress.value = of - left;
  $("#paper").classList.toggle("on", faults.size > 0); $("#paper").setAttribute("aria-pressed", String(faults.size > 0));
  $("#paper-note").hidden = !faults.size;
  $("#paper-note").textContent = faults.size ? `${say["paper.marked"]}: ${[...faults].map((f) => say[`fault.${f}`]).join(", ")}` : "";
  return { now, broken: broken.length > 0, left };
}

function onward(from) {
  const i = numbers.indexOf(from), next = [...numbers.slice(i + 1), ...numbers.slice(0, i)].find((n) => n.open);
  if (next) next.focus(); else $("#commit").focus();
}
function confirmOne() {
  const n = active;
  if (!n) return onward(null);
  n.cells.settle();
  if (n.value === undefined) { n.seen = true; refresh(); n.seen = false; complain(say["bad_value"]); return; }
  n.seen = true; last = snapshot(); complain(""); refresh(); onward(n);
}
function confirmAll() {
  if (!ready || busy || !numbers.length) return;
  for (const n of numbers) n.cells.settle();
  const empty = numbers.find((n) => n.value === undefined);
  if (empty) { complain(say["bad_value"]); return empty.focus(); }
  const unseen = numbers.filter((n) => n.open && !n.shown);
  for (const n of numbers) if (n.open && n.shown) n.seen = true;
  last = snapshot();
  const { now, broken } = refresh();
  if (unseen.length) { complain(say["not_shown"]); return unseen[0].focus(); }
  if (broken && !faults.has("sum")) { complain(say["rules_first"]); const bad = numbers.find((n) => n.li.classList.contains("broken")); return bad?.focus(); }
  const place = byHand ?? {};
  decide({ action: "settle", values: now, form: place.form ?? null, page: place.page ?? null, paper_error: faults.size > 0, paper_faults: [...faults], note: $("#note").value.trim() });
}

async function decide(body, confirm = null) {
  if (busy || !sheet) return;
  busy = true; complain(""); $("#commit").setAttribute("aria-busy", "true");
  const mine = sheet;
  try {
    const done = await server.decide(sheet.id, { ...body, stamp: sheet.stamp, ...(body.action === "settle" ? { confirm } : {}), ...(body.action === "move" ? {} : { then: filter }) });
    undoable = done.undo_until ? { id: mine.id, label: mine.tps.label, until: Date.parse(done.undo_until) } : null;
    toast(done.outcome, mine);
    $("#note").value = "";
    if (done.next_sheet) await show(done.next_sheet); else finished();
  } catch (e) {
    if (e.code === "confirm_required") { busy = false; const again = await ask.confirm(sheet, e.details); if (again) return decide(body, e.details.token); byName(e.details.numbers[0]?.name)?.focus(); }
    else if (["lease_lost", "already_settled", "own_photo", "already_entered"].includes(e.code)) stop(e.code === "lease_lost" && e.details.by ? fill(say["lost.by"], { by: e.details.by }) : e.message);
    else if (e.code === "stale_sheet") { complain(e.message); server.lease(mine.id).then((fresh) => show(fresh, pictures(fresh))).catch((x) => stop(x.message)); }
    else { complain(e.message); if (e.code === "bad_values") byName(Object.keys(e.details.numbers || {})[0])?.focus(); }
  } finally { busy = false; $("#commit").removeAttribute("aria-busy"); }
}

async function undo() {
  if (steps.length) { last = steps.pop(); for (const n of numbers) { const was = last[n.name]; n.cells.text = was.text; n.cells.illegible = was.illegible; n.seen = was.seen; n.cells.render(); } return refresh(); }
  if (!undoable || busy) return;
  busy = true;
  try { const fresh = await server.undo(undoable.id); undoable = null; hideToast(); complain(""); await show(fresh, pictures(fresh)); } catch (e) { complain(e.message); } finally { busy = false; }
}

let fading = 0;
const hideToast = () => { clearTimeout(fading); $("#toast").hidden = true; };
function toast(outcome, of) {
  $("#toast-text").textContent = `${say[`outcome.${outcome}`] ?? outcome}: ${of.tps.label}`;
  $("#toast-undo").hidden = !undoable; $("#toast").hidden = false;
  clearTimeout(fading); fading = setTimeout(hideToast, 20_000);
}
const finished = () => { lease.end(); $("#stopped").hidden = true; ready = false; sheet = null; desk.hidden = true; $("#done").hidden = false; $("#done-title").focus(); document.body.dataset.ready = "done"; history.replaceState(null, "", `/periksa${location.search}`); };
function stop(text) { lease.end(); $("#done").hidden = true; ready = false; $("#stopped").hidden = false; $("#stopped-text").textContent = text; desk.hidden = true; document.body.dataset.ready = "stopped"; $("#stopped-next").focus(); }
async function following() {
  $("#stopped").hidden = true;
  try { const { sheet: next } = await server.next(filter); if (next) await show(next); else finished(); } catch (e) { stop(e.message); }
}

// Typing everything from the picture: the fields of a page that the machine did not read.
async function typeAll(form, page) {
  try {
    const fresh = await server.page(sheet.id, form, page);
    byHand = { form, page }; rescue.hide(); desk.classList.remove("placing");
    sheet = { ...sheet, numbers: fresh.numbers, rules: fresh.rules, form, page, doubt_order: fresh.numbers.map((n) => n.name), crop_sheet: fresh.crop_sheet ?? null, hints: [] };
    head(); build(); refresh(); numbers[0]?.focus();
  } catch (e) { complain(e.message); }
}
function togglePaper() {
  if (faults.size) faults.clear(); else if (numbers.some((n) => n.li.classList.contains("broken"))) faults.add("sum"); else return ask.paper(faults, refresh);
  refresh();
}
async function release() { if (!sheet) return; try { await server.release(sheet.id); } catch { /* it ends by itself */ } location.assign("/periksa"); }

const commands = {
  confirm: confirmOne, all: confirmAll, undo, release,
  illegible: () => { if (active) { active.cells.say(!active.cells.illegible); if (active.cells.illegible) confirmOne(); } },
  first: () => pick(active, 0), second: () => pick(active, 1),
  down: () => numbers[Math.min(numbers.length - 1, numbers.indexOf(active) + 1)]?.focus(), up: () => numbers[Math.max(0, numbers.indexOf(active) - 1)]?.focus(),
  type: (glyph) => { const n = active ?? numbers[0]; if (n) { n.focus(); n.cells.type(glyph); } },
  paper: togglePaper, reject: () => ask.reject(), move: () => ask.move(), keys: () => ask.keys(),
  corners: () => { if (sheet.blind) return; desk.classList.add("placing"); rescue.open(sheet); },
  whole: view.toggle, in: () => view.zoom(1.3), out: () => view.zoom(0.77), turn: view.turn, contrast: () => view.filter("contrast"), negative: () => view.filter("negative"),
  panLeft: () => view.pan(80, 0), panRight: () => view.pan(-80, 0), panUp: () => view.pan(0, 80), panDown: () => view.pan(0, -80),
};
listen(commands, () => ready && !busy);
// a key still meant for the sheet before never lands in a cell of this one
desk.addEventListener("keydown", (e) => { if (!ready && sheet?.numbers.length && e.target.classList.contains("cells-in") && e.key !== "Tab") { e.preventDefault(); e.stopPropagation(); } }, true);
for (const b of document.querySelectorAll("[data-do]")) b.addEventListener("click", (e) => { commands[b.dataset.do]?.(); if (e.detail > 0 && b.closest(".viewer-tools")) active?.focus(); });
$("#commit").addEventListener("click", confirmAll);
$("#toast-undo").addEventListener("click", () => { steps = []; undo(); });
$("#stopped-again").addEventListener("click", async () => { try { const again = await server.lease(sheet?.id ?? desk.dataset.id); await show(again, pictures(again)); } catch (e) { stop(e.details?.by ? fill(say["lost.by"], { by: e.details.by }) : e.message); } });
for (const b of document.querySelectorAll("[data-next]")) b.addEventListener("click", following);
document.addEventListener("keydown", (e) => { if (!ready && undoable && !busy && e.key.toLowerCase() === "u" && !e.target.closest("input, textarea, select")) undo(); });
keypad($("#keypad"), { type: commands.type, back: () => { active?.focus(active.cells.at); active?.cells.back(); }, confirm: confirmOne, illegible: commands.illegible });

(async () => {
  try { const first = desk.dataset.id ? await server.lease(desk.dataset.id) : (await server.next(filter)).sheet; if (first) await show(first, pictures(first)); else finished(); } catch (e) { stop(e.details?.by ? fill(say["lost.by"], { by: e.details.by }) : e.message); }
})();
