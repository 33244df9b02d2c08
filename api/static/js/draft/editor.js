// The draft's page: canvas, lists, keys; saved as the person works, and checked with every save.
import { call } from "app/http.js";
import { canvas } from "app/draft/canvas.js";
import { model } from "app/draft/model.js";
import { panel } from "app/draft/panel.js";
import { rules } from "app/draft/rules.js";

const $ = (s) => document.querySelector(s), data = JSON.parse($("#draft-data").textContent), say = data.texts, english = document.body.dataset.lang === "en";
const m = model(data.body);
let revision = data.revision, faults = data.faults, timer = 0, busy = false, dirty = false, lost = false;

const kindOf = (key) => say.kinds[key.split(":")[0]];
const describe = (key) => {
  const [kind, a] = key.split(":");
  if (kind === "n") { const n = m.page.numbers[a]; return `${n.name}, ${say.boxes.replace("{n}", n.boxes.length)}${n.label?.id ? `, ${english ? n.label.en : n.label.id}` : ""}`; }
  if (kind === "t") return `${kindOf(key)} ${m.page.turus[a].number}`;
  return kind === "w" || kind === "f" ? `${kindOf(key)} ${a}` : kindOf(key);
};
const view = canvas($("#page"), m, { picture: (n) => `/api/templates/drafts/${data.id}/pages/${n}`, label: (n) => n.name, describe, onMode: (mode) => { for (const b of document.querySelectorAll("[data-mode]")) b.setAttribute("aria-pressed", String(b.dataset.mode === mode)); $("#mode-hint").hidden = mode === "pick"; } });
const numbers = panel($("#numbers"), $("#place"), m, say, data.vocabulary);
const sums = rules($("#rules-page"), $("#rules-across"), m, say);

// ---- saving and checking
function status(text, tone = "") { const s = $("#saved"); s.textContent = text; s.className = `saved ${tone}`; }
async function save() {
  clearTimeout(timer);
  if (lost || busy || !dirty) return;
  busy = true; dirty = false; status(say.saving, "busy");
  try {
    const answer = await call("PUT", `/api/templates/drafts/${data.id}`, { revision, body: m.body });
    revision = answer.revision; faults = answer.faults;
    status(dirty ? say.saving : say.saved, "good");
  } catch (error) {
    dirty = true;
    if (error.code === "stale_draft" || error.code === "draft_closed") lost = true;
    else timer = setTimeout(save, 5000);
    status(error.message, "bad");
  }
  busy = false;
  drawFaults();
  if (dirty && !lost && !timer) timer = setTimeout(save, 300);
}
const later = () => { dirty = true; if (!lost) { status(say.unsaved); clearTimeout(timer); timer = setTimeout(() => { timer = 0; save(); }, 700); } };
addEventListener("beforeunload", (e) => { if (dirty) e.preventDefault(); });
for (const link of document.querySelectorAll("[data-after-save]")) link.addEventListener("click", async (e) => {
  if (!dirty && !busy) return;
  e.preventDefault();
  while (busy) await new Promise((r) => setTimeout(r, 50));
  await save();
  if (!dirty) location.href = link.href;
});

function drawFaults() {
  const list = $("#faults");
  $("#fault-count").textContent = faults.length ? say.faults.replace("{n}", faults.length) : say.no_faults;
  $("#fault-count").className = `tag ${faults.length ? "bad" : "good"}`;
  list.replaceChildren(...faults.map((f) => {
    const li = document.createElement("li"), b = document.createElement("button");
    b.type = "button"; b.textContent = english ? f.en : f.id;
    b.addEventListener("click", () => lead(f.loc));
    li.append(b);
    return li;
  }));
  for (const li of $("#numbers").children) li.classList.toggle("wrong", faults.some((f) => f.loc[0] === "pages" && f.loc[1] === m.at && f.loc[2] === "numbers" && f.loc[3] === Number(li.dataset.i)));
}
function lead(loc) { // to the place of a fault
  if (loc[0] === "pages" && Number.isInteger(loc[1])) m.go(loc[1]);
  if (loc[2] === "numbers" && Number.isInteger(loc[3])) {
    tab("numbers");
    const key = loc[4] === "boxes" && Number.isInteger(loc[5]) ? `b:${loc[3]}:${loc[5]}` : `n:${loc[3]}`;
    m.select([key]); view.reveal(key);
    const card = $("#numbers").querySelector(`[data-i="${loc[3]}"]`);
    card?.querySelector(loc[4] === "label" ? "[data-f=id]" : loc[4] === "name" ? "[data-f=name]" : ".n-go")?.focus();
  } else if (loc.includes("rules")) tab("rules", true);
  else if (loc.includes("recognition")) { m.select(["tag"]); view.reveal("tag"); }
  else tab("form", true);
}

// ---- tabs
function tab(name, focus = false) {
  for (const b of document.querySelectorAll("[role=tab]")) { const on = b.dataset.tab === name; b.setAttribute("aria-selected", String(on)); b.tabIndex = on ? 0 : -1; $(`#tab-${b.dataset.tab}`).hidden = !on; if (on && focus) b.focus(); }
  if (name === "rules") sums.draw();
}
for (const b of document.querySelectorAll("[role=tab]")) {
  b.addEventListener("click", () => tab(b.dataset.tab));
  b.addEventListener("keydown", (e) => { const all = [...document.querySelectorAll("[role=tab]")], i = all.indexOf(b), to = { ArrowRight: i + 1, ArrowLeft: i - 1 }[e.key]; if (to !== undefined) { e.preventDefault(); tab(all[(to + all.length) % all.length].dataset.tab, true); } });
}

// ---- the form itself
function drawForm() {
  const b = m.body, f = $("#tab-form");
  for (const input of f.querySelectorAll("[data-form]")) {
    const path = input.dataset.form.split("."), holder = path[0] === "page" ? m.page : b, keys = path[0] === "page" ? path.slice(1) : path;
    if (input.type === "checkbox") input.checked = (b.elections || []).includes(input.value);
    else if (document.activeElement !== input) input.value = keys.reduce((o, k) => (o ?? {})[k], holder) ?? "";
  }
}
for (const input of $("#tab-form").querySelectorAll("[data-form]")) input.addEventListener(input.type === "checkbox" ? "change" : "input", () => {
  const path = input.dataset.form.split(".");
  m.change(`form ${input.dataset.form}`, (page, all) => {
    if (input.type === "checkbox") { const on = new Set(all.elections || []); on[input.checked ? "add" : "delete"](input.value); all.elections = [...on]; return; }
    const holder = path[0] === "page" ? page : all, keys = path[0] === "page" ? path.slice(1) : path, last = keys.pop(), at = keys.reduce((o, k) => (o[k] ||= {}), holder);
    at[last] = input.type === "number" ? Math.round(Number(input.value)) : input.value;
  }, { merge: true });
});

// ---- pages
function drawPages() {
  const nav = $("#pages");
  nav.replaceChildren(...m.body.pages.map((p, i) => { const b = document.createElement("button"); b.type = "button"; b.textContent = say.page.replace("{n}", p.number); b.className = "btn btn-sm btn-outline-secondary"; if (i === m.at) b.setAttribute("aria-current", "page"); b.addEventListener("click", () => m.go(i)); return b; }));
  nav.hidden = m.body.pages.length < 2;
}
m.listen((what) => {
  if (what === "changed" || what === "replaced") later();
  if (what !== "selected") { drawPages(); drawForm(); drawFaults(); }
  $("#undo").disabled = !m.canUndo; $("#redo").disabled = !m.canRedo;
});

// ---- tools and keys
const undo = () => { const what = m.undo(); if (what) status(say.undone); }, redo = () => { m.redo(); };
$("#undo").addEventListener("click", undo); $("#redo").addEventListener("click", redo);
$("#save").addEventListener("click", () => { dirty = true; save(); });
const tools = { in: () => view.zoom(1.4), out: () => view.zoom(0.7), fit: () => view.fit() };
for (const b of document.querySelectorAll("[data-zoom]")) b.addEventListener("click", () => tools[b.dataset.zoom]());
for (const b of document.querySelectorAll("[data-mode]")) b.addEventListener("click", () => view.setMode(view.mode === b.dataset.mode ? "pick" : b.dataset.mode));
const help = $("#keys-help");
$("#help").addEventListener("click", () => help.showModal());

$("#page").addEventListener("focusin", (e) => { const key = e.target.closest("[data-key]")?.getAttribute("data-key"); if (key && e.target.matches(":focus-visible") && !m.chosen.some((k) => k === key || (/^[bu]:/.test(k) && `n:${k.split(":")[1]}` === key))) { m.select([key]); view.reveal(key); } });
document.addEventListener("keydown", (e) => {
  const ctrl = e.ctrlKey || e.metaKey, typing = e.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (ctrl && e.key.toLowerCase() === "s") { e.preventDefault(); dirty = true; save(); return; }
  if (ctrl && e.key.toLowerCase() === "z" && !typing) { e.preventDefault(); (e.shiftKey ? redo : undo)(); return; }
  if (ctrl && e.key.toLowerCase() === "y" && !typing) { e.preventDefault(); redo(); return; }
  if (ctrl || typing) return;
  if (e.key === "?") { e.preventDefault(); help.showModal(); return; }
  if (e.key === "PageDown" || e.key === "PageUp") { e.preventDefault(); m.go(m.at + (e.key === "PageDown" ? 1 : -1)); return; }
  if (!e.target.closest("#canvas-area") && e.target !== document.body) return;
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
  if (arrows) {
    e.preventDefault();
    if (!m.chosen.length) { view.pan(arrows[0] * 0.15, arrows[1] * 0.15); return; }
    const step = (m.page.size.unit === "mm" ? 0.25 : 1) * (e.shiftKey ? 10 : 1), [dx, dy] = arrows.map((v) => v * step);
    m.change(`key ${m.chosen.join()} ${e.altKey}`, () => { for (const k of m.chosen) { const r = m.rectOf(k); m.place(k, e.altKey ? { ...r, w: Math.max(step, r.w + dx), h: Math.max(step, r.h + dy) } : { ...r, x: r.x + dx, y: r.y + dy }); } }, { merge: true });
    return;
  }
  const deeper = () => { const [kind, i, k] = (m.chosen[0] || "").split(":"); if (!/^[nb]$/.test(kind)) return; const n = m.page.numbers[i], next = kind === "n" ? 0 : (Number(k) + 1) % n.boxes.length; m.select([`b:${i}:${next}`]); };
  const owner = () => { const [kind, i] = (m.chosen[0] || "").split(":"); return /^[nbu]$/.test(kind) ? Number(i) : -1; };
  const acts = {
    Delete: () => m.remove(), Backspace: () => m.remove(), Escape: () => (view.mode !== "pick" ? view.setMode("pick") : m.select(/^[bu]:/.test(m.chosen[0] || "") ? [`n:${owner()}`] : [])),
    Enter: () => { if (owner() >= 0) { tab("numbers"); numbers.focus(owner()); } else if (m.chosen.length) numbers.focusPlace(); },
    n: () => { const [x, y] = view.middle(); m.addNumber(x, y); }, b: () => { if (owner() >= 0) m.addBox(owner()); }, d: () => m.duplicate(), k: deeper,
    "+": () => view.zoom(1.4), "=": () => view.zoom(1.4), "-": () => view.zoom(0.7), 0: () => view.fit(),
  };
  const act = acts[e.key];
  if (act) { e.preventDefault(); act(); }
});
for (const [id, act] of [["#add-number", () => { const [x, y] = view.middle(); m.addNumber(x, y); tab("numbers"); }], ["#copy", () => m.duplicate()]]) $(id).addEventListener("click", act);

drawPages(); drawForm(); drawFaults(); tab("numbers");
$("#undo").disabled = $("#redo").disabled = true;
status(say.saved, "good");
