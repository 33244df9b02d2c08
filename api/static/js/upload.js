// Sends photos one request each, two at a time, with progress; a photo that failed can be sent again without choosing it anew.
import { send } from "app/http.js";
import { placePicker } from "app/place.js";

const form = document.querySelector("#send"), drop = document.querySelector("#drop"), outbox = document.querySelector("#outbox");
const sent = document.querySelector("#sent"), empty = document.querySelector("#sent-empty"), problem = document.querySelector("#send-error");
const election = document.querySelector("#election"), say = form.dataset;
const place = placePicker(document.querySelector("[data-place]"), { remember: true });
const waiting = [];
let running = 0;

try { const last = localStorage.getItem("c1-last-election"); if ([...election.options].some((o) => o.value === last)) election.value = last; } catch { /* private mode */ }
election.addEventListener("change", () => { try { localStorage.setItem("c1-last-election", election.value); } catch { /* private mode */ } });

function row(file) {
  const item = document.createElement("li");
  item.className = "photo-card tone-busy";
  item.innerHTML = '<span class="thumb"><img width="72" height="72" alt=""></span><div class="photo-say"><p class="state"><span class="spin" aria-hidden="true"></span><span data-text></span></p><p data-name></p><progress class="bar" max="1" value="0"></progress><p data-do></p></div>';
  const picture = item.querySelector("img"), address = URL.createObjectURL(file);
  picture.src = address;
  picture.onload = () => URL.revokeObjectURL(address);
  picture.onerror = () => { picture.removeAttribute("src"); };
  item.querySelector("[data-name]").textContent = file.name;
  item.querySelector("progress").setAttribute("aria-label", file.name);
  outbox.prepend(item);
  return item;
}

function failed(item, error, again) {
  item.className = "photo-card tone-bad";
  item.querySelector(".spin")?.remove();
  item.querySelector("progress").hidden = true;
  item.querySelector("[data-text]").textContent = error.message;
  const act = item.querySelector("[data-do]");
  const earlier = error.details.receipt && error.details.receipt.photo;
  if (earlier && error.code === "duplicate_photo") {
    const link = document.createElement("a"); link.href = `/foto/${earlier}`; link.textContent = say.earlier; act.append(link);
  } else if (error.status === 0 || error.status >= 500 || error.status === 429) {
    const button = document.createElement("button"); button.type = "button"; button.className = "btn btn-sm btn-outline-primary mt-2"; button.textContent = say.retry;
    button.addEventListener("click", () => { item.remove(); again(); });
    act.append(button);
  }
}

async function run(job) {
  const item = job.item, text = item.querySelector("[data-text]"), bar = item.querySelector("progress");
  const data = new FormData();
  data.set("election", job.election); data.set("tps", job.tps); data.set("photos", job.file, job.file.name);
  text.textContent = say.sending.replace("{percent}", "0");
  try {
    // said before megabytes are spent on it; the server decides all the same
    if (job.file.size > Number(say.maxBytes)) throw Object.assign(new Error(say.tooLarge), { code: "image_too_large", status: 413, details: {} });
    const answer = await send("/api/photos", data, (share) => {
      bar.value = share;
      text.textContent = share < 1 ? say.sending.replace("{percent}", String(Math.round(share * 100))) : say.storing;
    });
    const id = answer.results[0].receipt.id;
    const part = await fetch(`/foto/${id}`, { headers: { "HX-Request": "true" } });
    const holder = document.createElement("template");
    holder.innerHTML = (await part.text()).trim();
    const card = holder.content.firstElementChild;
    sent.prepend(card); item.remove();
    window.htmx.process(card);
  } catch (error) { failed(item, error, () => queue([job.file], job)); }
}

async function pump() {
  while (running < 2 && waiting.length) {
    running += 1;
    run(waiting.shift()).finally(() => { running -= 1; pump(); });
  }
}

function queue(files, as) {
  problem.hidden = true;
  const tps = as ? as.tps : place.code;
  if (!tps) { problem.textContent = say.missing; problem.hidden = false; place.focus(); return; }
  empty.hidden = true;
  for (const file of files) waiting.push({ file, tps, election: as ? as.election : election.value, item: row(file) });
  pump();
}

for (const input of form.querySelectorAll("input[type=file]")) input.addEventListener("change", () => { queue([...input.files]); input.value = ""; });
drop.addEventListener("dragover", (e) => { e.preventDefault(); drop.classList.add("over"); });
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (e) => { e.preventDefault(); drop.classList.remove("over"); queue([...e.dataTransfer.files]); });
form.addEventListener("submit", (e) => e.preventDefault());
