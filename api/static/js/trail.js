// The check of the audit log: one request whose lines tell how far it is, the last one what came out.
import { refusal, offline } from "./http.js";

const form = document.querySelector("#verify"), state = document.querySelector("#verify-state"), button = form.querySelector("button");
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, k) => Number(values[k]).toLocaleString(document.documentElement.lang));
const made = (tag, text, kind = "") => Object.assign(document.createElement(tag), { textContent: text, className: kind });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  const bar = document.createElement("progress"), what = made("p", form.dataset.running, "small-text");
  bar.className = "bar"; bar.max = 1; bar.setAttribute("aria-label", form.dataset.running);
  state.replaceChildren(what, bar);
  try { show(await check(form.anchor.value.trim(), (line) => { bar.max = line.of || 1; bar.value = line.done; what.textContent = `${form.dataset.running}: ${line.what} ${line.done}/${line.of}`; })); }
  catch (error) { state.replaceChildren(made("p", error.message || form.dataset.stopped, "note bad")); }
  button.disabled = false;
});

async function check(anchor, tell) {
  const token = document.querySelector("meta[name=csrf]").content;
  let answer;
  try {
    answer = await fetch("/api/audit/verify", { method: "POST", headers: { "X-CSRF-Token": token, "Content-Type": "application/json", Accept: "application/x-ndjson, application/json" }, body: JSON.stringify({ anchor }) });
  } catch { throw offline(); }
  if (!answer.ok) throw refusal(answer.status, await answer.json().catch(() => null));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(form.dataset.stopped);
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines.map(JSON.parse)) { if (line.verdict) return line.verdict; tell(line); }
  }
}

function show(verdict) {
  if (verdict.clean) {
    state.replaceChildren(made("p", form.dataset.clean, "tag good"), made("p", say(form.dataset.cleanText, verdict), "small-text"));
    return;
  }
  const list = document.createElement("ul");
  for (const f of verdict.faults.slice(0, 200)) list.append(made("li", `${f.table} ${f.row}: ${f.why}`));
  const note = made("div", "", "note bad");
  note.append(made("strong", form.dataset.broken), made("p", say(form.dataset.brokenText, { n: verdict.faults.length })), list);
  state.replaceChildren(note);
}
