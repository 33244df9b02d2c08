// Where the machine could not lay the page straight: a person points at its four corners, by mouse, finger or arrow keys, and it is read again.
import { el } from "app/desk/numbers.js";
import { picture, server } from "app/desk/server.js";

const $ = (s) => document.querySelector(s);
const NAMES = ["tl", "tr", "br", "bl"];
const START = [[0.08, 0.08], [0.92, 0.08], [0.92, 0.92], [0.08, 0.92]];
const TURN = { 0: (x, y) => [x, y], 1: (x, y) => [1 - y, x], 2: (x, y) => [1 - x, 1 - y], 3: (x, y) => [y, 1 - x] };
const clamp = (v) => Math.min(1.02, Math.max(-0.02, v));

// on: done(sheet), close(), typed(form, page)
export function corners({ say, english, done, close, typed }) {
  const stage = $("#corners"), frame = $("#corners-frame"), lines = $("#corners-lines"), loupe = $("#loupe"), state = $("#corners-state"), go = $("#corners-go");
  let sheet = null, img = null, turns = 0, points = START.map((p) => [...p]), busy = false;

  // fractions of the untouched photo -> fractions of what is shown, and back
  const shown = ([x, y]) => TURN[turns](x, y), photo = ([x, y]) => TURN[(4 - turns) % 4](x, y);
  const handles = NAMES.map((name, i) => {
    const h = el("button", { type: "button", className: "corner", textContent: String(i + 1) });
    h.setAttribute("aria-label", say[`corner.${name}`]);
    h.addEventListener("pointerdown", (e) => { h.setPointerCapture(e.pointerId); h.focus(); e.preventDefault(); });
    h.addEventListener("pointermove", (e) => { if (!h.hasPointerCapture(e.pointerId)) return; const b = frame.getBoundingClientRect(); place(i, [(e.clientX - b.left) / b.width, (e.clientY - b.top) / b.height]); });
    h.addEventListener("focus", () => look(i)); h.addEventListener("blur", () => { loupe.hidden = true; });
    h.addEventListener("keydown", (e) => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
      if (/^[1-4]$/.test(e.key)) handles[e.key - 1].focus();
      else if (move) { const s = e.shiftKey ? 0.03 : 0.003, [x, y] = shown(points[i]); place(i, [x + move[0] * s, y + move[1] * s]); }
      else return;
      e.preventDefault(); e.stopPropagation();
    });
    frame.append(h);
    return h;
  });
  function place(i, at) { points[i] = photo(at.map(clamp)); draw(); look(i); }
  function draw() {
    const at = points.map(shown);
    at.forEach(([x, y], i) => { handles[i].style.left = `${x * 100}%`; handles[i].style.top = `${y * 100}%`; });
    lines.setAttribute("points", at.map(([x, y]) => `${x * 100},${y * 100}`).join(" "));
  }
  // a magnified look at the corner in hand, in the opposite corner of the frame
  function look(i) {
    if (!img) return;
    const [x, y] = shown(points[i]), b = frame.getBoundingClientRect(), zoom = 4, size = loupe.firstElementChild;
    loupe.hidden = false; loupe.dataset.at = `${y < 0.5 ? "b" : "t"}${x < 0.5 ? "r" : "l"}`;
    const inner = size.firstElementChild, w = (turns % 2 ? b.height : b.width) * zoom, h = (turns % 2 ? b.width : b.height) * zoom, [px, py] = points[i];
    inner.src = img.src; inner.style.width = `${w}px`; inner.style.height = `${h}px`;
    inner.style.left = `${75 - px * w}px`; inner.style.top = `${75 - py * h}px`;
    inner.style.transformOrigin = `${px * w}px ${py * h}px`; inner.style.transform = `rotate(${turns * 90}deg)`;
  }
  function fit() {
    if (!img || stage.hidden) return;
    const room = stage.querySelector(".corners-room"), ratio = turns % 2 ? img.naturalHeight / img.naturalWidth : img.naturalWidth / img.naturalHeight;
    const w = Math.min(room.clientWidth - 40, (room.clientHeight - 40) * ratio);
    frame.style.width = `${w}px`; frame.style.height = `${w / ratio}px`;
    img.style.width = `${turns % 2 ? w / ratio : w}px`; img.style.height = `${turns % 2 ? w : w / ratio}px`;
    img.style.transform = `translate(-50%, -50%) rotate(${turns * 90}deg)`;
    draw();
  }
  // A quarter turn of the photo; the corners keep their names, for they are the page's as it is read.
  $("#corners-turn").addEventListener("click", () => { turns = (turns + 1) % 4; points = START.map(photo); fit(); });
  new ResizeObserver(fit).observe(stage);

  const choices = () => $("#rescue-page").value.split("|");
  async function read() {
    if (busy) return;
    const [form, page] = choices();
    busy = true; go.setAttribute("aria-busy", "true"); state.hidden = false; $("#corners-error").hidden = true;
    try {
      const { ticket } = await server.align(sheet.id, { stamp: sheet.stamp, form, page: Number(page), corners: points, turns: 0 });
      for (;;) {
        const now = await server.aligned(sheet.id, ticket);
        if (now.state === "done") { hide(); $("#desk").classList.remove("placing"); return done(now.sheet); }
        if (now.state === "failed") throw Object.assign(new Error(english ? now.error.message_en : now.error.message));
        await new Promise((r) => setTimeout(r, 300));
      }
    } catch (e) { $("#corners-error").textContent = e.message; $("#corners-error").hidden = false; } finally { busy = false; go.removeAttribute("aria-busy"); state.hidden = true; }
  }
  go.addEventListener("click", read);
  $("#rescue-type").addEventListener("click", () => { stage.hidden = true; typed(...choices()); });
  $("#rescue-close").addEventListener("click", () => { hide(); close(); });

  function hide() { $("#rescue").hidden = true; stage.hidden = true; $("#desk").classList.remove("placing"); }
  async function open(of, closable = true) {
    sheet = of; turns = 0; points = START.map((p) => [...p]);
    $("#rescue-page").replaceChildren(...(sheet.pages || []).map((p) => el("option", { value: `${p.form}|${p.page}`, textContent: (english ? p.title_en : p.title) || `${p.form} ${p.page}`, selected: p.form === sheet.form && p.page === sheet.page })));
    $("#rescue").hidden = stage.hidden = false; $("#rescue-close").hidden = !closable; $("#corners-error").hidden = true;
    img?.remove();
    img = await picture(server.photo(sheet.id));
    img.alt = ""; img.draggable = false;
    frame.prepend(img);
    fit();
    handles[0].focus();
  }
  return { open, hide, offer: (of) => { $("#desk").classList.add("placing"); return open(of, false); } };
}
