// The wall screen: one slide after the other, by itself or by keyboard; the last figures stay while the line is gone.
import { follow } from "app/follow.js";

const stage = document.getElementById("panggung"), bar = document.getElementById("kendali"), line = document.getElementById("garis");
const say = stage.dataset, calm = matchMedia("(prefers-reduced-motion: reduce)");
let at = 0, running = !calm.matches, timer = 0;

const slides = () => [...stage.querySelectorAll(".slide")];

function show(to) {
  const all = slides();
  if (!all.length) return;
  at = (to + all.length) % all.length;
  for (const [i, s] of all.entries()) { s.hidden = i !== at; }
  document.getElementById("bagian-ke").textContent = say.parts.replace("{n}", at + 1).replace("{of}", all.length);
  clearTimeout(timer);
  if (running) timer = setTimeout(() => show(at + 1), Number(say.seconds) * 1000);
}

function run(on) {
  running = on;
  const button = document.getElementById("jalan");
  button.textContent = on ? say.stop : say.start;
  button.setAttribute("aria-pressed", String(on));
  stage.dataset.running = String(on);
  document.getElementById("ucapan").textContent = on ? "" : say.stopped;
  show(at);
}

const full = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.())?.catch(() => {});
const keys = { " ": () => run(!running), ArrowRight: () => show(at + 1), ArrowLeft: () => show(at - 1), f: full, F: full };
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey || (e.key === " " && e.target.closest("button, a, input"))) return;
  if (e.key === "Escape" && !document.fullscreenElement) { location.href = say.close; return; }
  if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
});
document.getElementById("jalan").addEventListener("click", () => run(!running));
document.getElementById("lanjut").addEventListener("click", () => show(at + 1));
document.getElementById("kembali").addEventListener("click", () => show(at - 1));
document.getElementById("penuh").addEventListener("click", full);

// The controls show while somebody moves the mouse or uses the keyboard.
let idle = 0;
function wake() { bar.classList.add("awake"); clearTimeout(idle); idle = setTimeout(() => { if (!bar.contains(document.activeElement)) bar.classList.remove("awake"); }, 4000); }
for (const e of ["mousemove", "keydown", "focusin", "touchstart"]) document.addEventListener(e, wake);

follow(say.url, 10, say.etag, {
  fresh(html) {
    if (html !== null) {
      const name = slides()[at]?.dataset.slide;
      stage.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
      const same = slides().findIndex((s) => s.dataset.slide === name);
      const soon = timer; // a change of figures does not start the slide's time anew
      for (const [i, s] of slides().entries()) s.hidden = i !== (same < 0 ? 0 : same);
      at = same < 0 ? 0 : same;
      if (!soon) show(at);
    }
    line.hidden = true;
  },
  gone() {
    const made = stage.querySelector("[data-made]")?.dataset.made ?? say.made;
    const text = say.since.replace("{at}", made);
    if (line.textContent !== text) line.textContent = text;
    line.hidden = false;
  },
  back() { line.hidden = true; },
});

run(running);
wake();
