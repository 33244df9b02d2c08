// Import of published figures: with progress, and every fault named with its place.
import { send } from "app/http.js";

const form = document.getElementById("impor"), said = document.getElementById("hasil-impor"), bar = document.getElementById("kemajuan"), say = form.dataset;
const english = document.body.dataset.lang === "en";

function note(text, bad, faults = [], count = 0) {
  const box = document.createElement("div");
  box.className = bad ? "note bad" : "note";
  box.append(Object.assign(document.createElement("p"), { className: "m-0", textContent: text }));
  if (faults.length) {
    const list = document.createElement("ul");
    for (const f of faults) list.append(Object.assign(document.createElement("li"), { textContent: `${f.where}: ${english ? f.message_en : f.message}` }));
    if (count > faults.length) list.append(Object.assign(document.createElement("li"), { textContent: say.more.replace("{n}", count - faults.length) }));
    box.append(list);
  }
  said.replaceChildren(box);
}

form.addEventListener("submit", async (e) => {
  e.preventDefault();
  const files = form.querySelector("[type=file]").files;
  if (!files.length) { note(say.nothing, true); return; }
  const body = new FormData();
  body.append("election", say.election);
  body.append("source", form.elements.source.value);
  for (const f of files) body.append("files", f, f.webkitRelativePath || f.name);
  const button = form.querySelector("button");
  button.disabled = true;
  bar.hidden = false;
  try {
    const made = await send("/api/compare/imports", body, (share) => {
      bar.value = share;
      said.textContent = share < 1 ? say.sending.replace("{percent}", Math.round(share * 100)) : say.reading;
    });
    const fill = (text) => text.replace("{version}", made.version).replace("{stations}", made.stations).replace("{figures}", made.figures);
    note(fill(say.done), false);
    location.href = `/banding?election=${encodeURIComponent(say.election)}&impor=${made.id}`;
  } catch (problem) {
    note(problem.message, true, problem.details?.faults ?? [], problem.details?.count ?? 0);
  } finally {
    button.disabled = false;
    bar.hidden = true;
  }
});
