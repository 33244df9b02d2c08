// The reviewer's desk by keyboard: Enter says "right" and goes to the next doubt, digits replace, arrows move, Ctrl+Enter commits.
import { call } from "app/http.js";
import { placePicker } from "app/place.js";
import { check, numbersOf, parse } from "app/rules.js";
import { viewer } from "app/viewer.js";

const $ = (s) => document.querySelector(s);
const sheet = JSON.parse($("#sheet-data").textContent), say = $("#desk").dataset, english = document.body.dataset.lang === "en";
const view = viewer($("#viewport"), $("#canvas"), $("#picture"), $("#overlay"), Object.fromEntries(sheet.numbers.filter((n) => n.place).map((n) => [n.name, n.place])));
for (const tool of document.querySelectorAll("[data-zoom]")) tool.addEventListener("click", () => ({ in: () => view.zoom(1.3), out: () => view.zoom(0.77), turn: view.turn, fit: view.fit })[tool.dataset.zoom]());

const doubted = sheet.numbers.some((n) => n.doubtful);
const numbers = sheet.numbers.map((n) => {
  const li = document.querySelector(`[data-number="${n.name}"]`);
  // Where the doubt is about the whole sheet, every number wants a look.
  return { ...n, li, input: li.querySelector("input"), state: li.querySelector("[data-state]"), need: n.doubtful || !doubted, seen: false };
});
const label = (name) => { const n = numbers.find((m) => m.name === name); return n ? (english ? n.label_en : n.label) : name; };
const values = () => Object.fromEntries(numbers.map((n) => [n.name, parse(n.input.value)]));
const error = $("#review-error"), paper = $("#paper"), commitButton = $("#commit");
let busy = false, paperAsked = false;

const complain = (text) => { error.textContent = text; error.hidden = !text; };

function refresh() {
  const now = values(), broken = new Set(), findings = sheet.rules.map((rule) => check(rule, now, label));
  const line = (found) => {
    const li = document.createElement("li"), text = document.createElement("span");
    li.className = found.state;
    text.textContent = found.state === "broken" ? say.broken.replace("{left}", found.left).replace("{right}", found.right) : `${found.left}: ${found.state === "holds" ? say.holds : say.open}`;
    li.append(text);
    return li;
  };
  const serious = findings.filter((f) => f.state === "broken" && f.rule.severity === "error");
  for (const f of serious) numbersOf(f.rule).forEach((n) => broken.add(n));
  $("#sums ul").replaceChildren(...findings.filter((f) => f.rule.kind === "sum" || f.state === "broken").map(line));
  const said = JSON.stringify(serious.map((f) => [f.left, f.right]));
  if ($("#broken").dataset.said !== said) { $("#broken").dataset.said = said; $("#broken").replaceChildren(...serious.map(line)); }
  for (const n of numbers) {
    const bad = now[n.name] === undefined && n.input.value !== "";
    n.li.classList.toggle("broken", broken.has(n.name));
    n.li.classList.toggle("seen", n.seen);
    n.input.classList.toggle("wrong", bad);
    n.input.setAttribute("aria-invalid", String(bad || broken.has(n.name)));
    n.state.textContent = n.seen ? `✓ ${say.confirmed}` : n.need ? say.doubtful : "";
    view.paint(n.name, broken.has(n.name) ? "broken" : n.seen ? "seen" : n.doubtful ? "doubtful" : "");
  }
  const illegible = Object.values(now).includes(null);
  const left = numbers.filter((n) => n.need && !n.seen).length;
  // "Wrong on paper" is offered only when every doubt has been looked at: until then a misreading is the likelier reason.
  paper.hidden = !(paperAsked || ((broken.size || illegible) && !left));
  if (paper.hidden) $("#paper-error").checked = false;
  $("#left").textContent = numbers.length ? (left ? say.left.replace("{count}", left) : say.ready) : "";
  return { now, broken: broken.size > 0, illegible, left };
}

const focus = (n) => { n.input.focus(); n.li.scrollIntoView({ block: "nearest" }); };
const settle = (n) => {
  if (parse(n.input.value) === undefined) { complain(say.badValue); n.input.classList.add("wrong"); return false; }
  n.seen = true; complain(""); refresh();
  return true;
};
function onward(n) {
  const i = numbers.indexOf(n), order = [...numbers.slice(i + 1), ...numbers.slice(0, i)];
  const next = order.find((m) => m.need && !m.seen);
  if (next) focus(next); else commitButton.focus();
}

for (const n of numbers) {
  n.input.addEventListener("focus", () => { n.input.select(); view.show(n.name); });
  n.input.addEventListener("input", () => { n.seen = false; complain(""); refresh(); });
  n.input.addEventListener("change", () => { if (parse(n.input.value) !== undefined) { n.seen = true; refresh(); } });
  n.input.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) { e.preventDefault(); if (settle(n)) onward(n); }
    else if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      const other = numbers[numbers.indexOf(n) + (e.key === "ArrowDown" ? 1 : -1)];
      if (other) focus(other);
    }
  });
  n.li.querySelector("img.crop")?.addEventListener("click", () => focus(n));
}

async function decide(body) {
  if (busy) return;
  busy = true; complain(""); commitButton.setAttribute("aria-busy", "true");
  const text = $("#left").textContent;
  $("#left").textContent = say.saving;
  try {
    const done = await call("POST", `/api/sheets/${sheet.id}/decision`, { ...body, stamp: sheet.stamp });
    location.assign(done.next ? `/periksa/${done.next}` : "/periksa");
  } catch (e) {
    busy = false; commitButton.removeAttribute("aria-busy"); $("#left").textContent = text;
    if (e.code === "rules_broken") { paperAsked = true; refresh(); }
    complain(e.message);
    if (e.code === "bad_values") { const first = numbers.find((n) => n.name in (e.details.numbers || {})); if (first) focus(first); }
  }
}

function commit() {
  const { now, broken, illegible, left } = refresh();
  const bad = numbers.find((n) => now[n.name] === undefined);
  if (bad) { complain(say.badValue); return focus(bad); }
  if (left) { complain(say.firstSee); return focus(numbers.find((n) => n.need && !n.seen)); }
  const paperError = $("#paper-error").checked;
  if ((broken || illegible) && !paperError) { complain(say.rulesFirst); return $("#paper-error").focus(); }
  decide({ action: "settle", values: now, form: sheet.form, page: sheet.page, paper_error: paperError, note: $("#note").value });
}

commitButton.addEventListener("click", commit);
document.addEventListener("keydown", (e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && !$("#reject").open) { e.preventDefault(); const n = numbers.find((m) => m.input === document.activeElement); if (n && !settle(n)) return; commit(); } });
$("#numbers").addEventListener("submit", (e) => e.preventDefault());

const dialog = $("#reject"), why = $("#reject-note");
$("#reject-open").addEventListener("click", () => { dialog.showModal(); why.focus(); });
$("#reject-cancel").addEventListener("click", () => dialog.close());
for (const chip of document.querySelectorAll("[data-reason]")) chip.addEventListener("click", () => { why.value = why.value ? `${why.value}, ${chip.textContent.toLowerCase()}` : chip.textContent; why.focus(); });
$("#reject-form").addEventListener("submit", (e) => { e.preventDefault(); if (!why.value.trim()) return why.focus(); dialog.close(); decide({ action: "reject", note: why.value }); });

$("#choose")?.addEventListener("submit", (e) => {
  e.preventDefault();
  const [form, page] = $("[data-page-choice]").value.split("|");
  location.assign(`/periksa/${sheet.id}?form=${encodeURIComponent(form)}&page=${page}`);
});

const target = placePicker($("#move [data-place]"));
$("#move").addEventListener("submit", (e) => {
  e.preventDefault();
  const election = $("#move-election").value;
  if (!target.code && election === sheet.election) return target.focus();
  decide({ action: "move", election: election === sheet.election ? null : election, tps: target.code || null });
});

// The lease is renewed while the page is open; if it was lost meanwhile, that is said before more is typed.
setInterval(() => call("POST", `/api/sheets/${sheet.id}/lease`).then((now) => { if (now.stamp !== sheet.stamp) location.reload(); }).catch((e) => complain(e.message)), 240_000);

refresh();
const start = () => { const first = numbers.find((n) => n.need); if (first) { first.input.focus({ preventScroll: false }); view.show(first.name); } };
start();
$("#picture").addEventListener("shown", () => { refresh(); start(); });
