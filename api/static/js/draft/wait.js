// Waits for the worker: asks how far it is, shows it, and goes on when it is done. If nothing moves, the work can be asked for again.
import { call, Refused } from "app/http.js";

export async function wait(box, ask, done, { again } = {}) {
  const bar = box.querySelector("progress"), text = box.querySelector("[data-text]"), bad = box.querySelector("[data-bad]"), button = box.querySelector("[data-again]");
  const say = JSON.parse(box.dataset.say);
  let moved = Date.now(), last = "";
  box.hidden = false; bad.hidden = true; button.hidden = true; bar.hidden = false;
  button.onclick = async () => { button.hidden = true; await again(); wait(box, ask, done, { again }); };
  for (;;) {
    let answer;
    try { answer = await ask(); } catch (error) { if (error.status && error.status < 500) { fail(error.message); return; } answer = null; }
    if (answer) {
      const p = answer.progress || {};
      if (done(answer)) { box.hidden = true; return; }
      if (p.error) { fail(new Refused(p.error, 422).message); return; }
      text.textContent = (say[p.what] || say.waiting).replace("{done}", Math.min((p.done ?? 0) + 1, p.of ?? 1)).replace("{of}", p.of ?? "");
      if (p.of) { bar.max = p.of; bar.value = p.done + 0.3; } else bar.removeAttribute("value");
      const now = JSON.stringify(p);
      if (now !== last) { last = now; moved = Date.now(); }
      if (again && Date.now() - moved > 60000) { button.hidden = false; }
    }
    await new Promise((r) => setTimeout(r, 700));
  }
  function fail(message) { bar.hidden = true; text.textContent = ""; bad.textContent = message; bad.hidden = false; button.hidden = !again; }
}

export const draftState = (id) => () => call("GET", `/api/templates/drafts/${id}`);
