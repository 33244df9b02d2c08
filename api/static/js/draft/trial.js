// Test photos: the machine reads, the person types what is on the paper, then both are laid side by side.
import { call, send } from "app/http.js";
import { draftState, wait } from "app/draft/wait.js";

const root = document.querySelector("#trials"), say = JSON.parse(root.dataset.say), english = document.body.dataset.lang === "en", list = root.querySelector("ul"), bad = root.querySelector("#trial-error");
const draft = root.dataset.draft, form = root.dataset.form, input = root.querySelector("#trial-photos"), box = document.querySelector("#progress");
const shown = new Map();
const complain = (e) => { bad.textContent = e.message; bad.hidden = false; };
const make = (tag, cls, text = "") => { const e = document.createElement(tag); e.className = cls; e.textContent = text; return e; };
const tone = { right: "good", doubted: "wait", wrong: "bad", unreadable: "bad", failed: "bad", read: "wait", waiting: "busy" };

function card(t) {
  const li = make("li", `card-plain trial tone-${tone[t.state]}`), head = make("div", "trial-head"), title = make("div", "");
  title.append(make("b", "", t.name), make("span", "sub", t.page ? say.page.replace("{n}", t.page) : ""));
  const tag = make("span", `tag ${tone[t.state] === "busy" ? "" : tone[t.state]}`, say.states[t.state]);
  if (t.state === "waiting") tag.prepend(make("span", "spin"));
  head.append(title, tag); li.append(head); li.dataset.trial = t.id; li.dataset.state = t.state;
  if (t.reasons.length && (t.state === "unreadable" || t.result)) { const ul = make("ul", "small-text"); for (const r of t.reasons) ul.append(make("li", "", r)); li.append(ul); }
  if (t.state === "failed") { const again = make("button", "btn btn-sm btn-outline-primary", say.again); again.type = "button"; again.addEventListener("click", () => call("POST", `/api/templates/trials/${t.id}/again`).then(put, complain)); li.append(again); }
  if (t.state === "unreadable") { const a = make("a", "", say.photo); a.href = t.picture; a.target = "_blank"; li.append(a); }
  if (t.numbers.length) li.append(t.result ? compared(t) : typing(t));
  return li;
}
const labelOf = (n) => (english ? n.label_en : n.label) || n.name;
function typing(t) {
  const f = make("form", "stack"), ol = make("ol", "trial-numbers");
  f.append(make("p", "small-text", say.type));
  for (const n of t.numbers) {
    const li = make("li", ""), img = make("img", "crop"), label = make("label", "", labelOf(n)), field = make("input", "num-input");
    img.src = n.crop; img.alt = ""; img.loading = "lazy";
    field.inputMode = "numeric"; field.name = n.name; field.maxLength = n.width; field.autocomplete = "off"; field.pattern = "[0-9?]*";
    field.addEventListener("keydown", (e) => { if (e.key === "Enter") { const all = [...f.querySelectorAll(".num-input")], next = all[all.indexOf(field) + 1]; if (next) { e.preventDefault(); next.focus(); next.select(); } } });
    label.append(field); li.append(img, label); ol.append(li);
  }
  const a = make("a", "", say.photo), go = make("button", "btn btn-primary", say.compare), row = make("div", "action-row");
  a.href = t.picture; a.target = "_blank"; go.type = "submit"; row.append(go, a);
  f.append(ol, row);
  f.addEventListener("submit", async (e) => {
    e.preventDefault();
    const values = {};
    for (const field of f.querySelectorAll(".num-input")) {
      const v = field.value.trim();
      if (v === "" || !/^(\d+|\?)$/.test(v)) { field.classList.add("wrong"); field.focus(); complain(new Error(say.missing)); return; }
      field.classList.remove("wrong");
      values[field.name] = v === "?" ? null : Number(v);
    }
    bad.hidden = true;
    try { const answer = await call("POST", `/api/templates/trials/${t.id}/typed`, { values }); put(answer); score(); if (answer.proved) location.reload(); } catch (error) { complain(error); }
  });
  return f;
}
function compared(t) {
  const wrap = make("div", "table-wrap"), table = make("table", "table plain-table compact"), head = table.createTHead().insertRow(), body = table.createTBody();
  for (const k of ["number", "picture", "typed", "read", "verdict"]) { const th = make("th", k === "typed" || k === "read" ? "n" : "", say[k]); th.scope = "col"; head.append(th); }
  const by = Object.fromEntries(t.numbers.map((n) => [n.name, n]));
  for (const r of t.result) {
    const row = body.insertRow(), n = by[r.name], th = make("th", "", n ? labelOf(n) : r.name), img = make("img", "crop");
    th.scope = "row"; row.append(th);
    if (n) { img.src = n.crop; img.alt = ""; img.loading = "lazy"; row.insertCell().append(img); } else row.insertCell();
    for (const v of [r.typed, r.read]) { const c = row.insertCell(); c.className = "n"; c.textContent = v === null ? "–" : v; }
    const verdict = r.verdict === "right" && r.doubtful ? "right_doubtful" : r.verdict;
    row.insertCell().append(make("span", `tag ${tone[r.verdict]}`, say.verdicts[verdict]));
  }
  wrap.append(table);
  return wrap;
}
function put(t) {
  const old = list.querySelector(`[data-trial="${t.id}"]`), fresh = card(t);
  shown.set(t.id, t);
  if (old) old.replaceWith(fresh); else list.prepend(fresh);
  if (t.state === "waiting") setTimeout(() => call("GET", `/api/templates/trials/${t.id}`).then(put, () => setTimeout(() => put(t), 3000)), 700);
  else if (t.state === "read" && old?.dataset.state === "waiting" && [...shown.values()].filter((x) => x.state === "read").length === 1) fresh.querySelector(".num-input")?.focus();
}
function score() {
  const count = (s) => [...shown.values()].filter((t) => t.state === s).length;
  for (const s of ["right", "doubted", "wrong", "unreadable"]) { const e = document.querySelector(`[data-count=${s}]`); if (e) e.textContent = count(s); }
  const bar = document.querySelector("#proof-bar"); if (bar) bar.value = count("right");
}
for (const t of JSON.parse(document.querySelector("#trial-data").textContent).reverse()) put(t);
score();

input.addEventListener("change", async () => {
  const files = [...input.files]; input.value = "";
  bad.hidden = true;
  for (const file of files) {
    const data = new FormData();
    data.set(draft ? "draft" : "form", draft || form); data.set("photos", file, file.name);
    const li = make("li", "card-plain trial tone-busy", file.name), bar = document.createElement("progress"); bar.className = "bar"; bar.max = 1; li.append(bar); list.prepend(li);
    try { const answer = await send("/api/templates/trials", data, (share) => { bar.value = share; }); li.remove(); answer.trials.forEach(put); }
    catch (error) { li.remove(); complain(error); }
  }
});
if (draft && box) {
  const ask = () => call("POST", `/api/templates/drafts/${draft}/prepare`);
  ask().then((first) => {
    const finish = (a) => { if (!a.prepared) return false; root.inert = false; document.querySelector("#verdicts")?.replaceChildren(...a.verdicts.map((v) => make("li", v.fatal ? "bad" : "", english ? v.en : v.id))); return true; };
    if (!finish(first)) wait(box, draftState(draft), finish, { again: ask });
  }, (error) => { complain(error); bad.hidden = false; });
}
