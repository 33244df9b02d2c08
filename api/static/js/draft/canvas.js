// The page with everything found drawn over it. The SVG's viewBox is the view in page units; zoom and pan change it.
const NS = "http://www.w3.org/2000/svg";
const el = (name, attrs, into) => { const e = document.createElementNS(NS, name); for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v); if (into) into.append(e); return e; };
const HANDLES = { nw: [0, 0], n: [0.5, 0], ne: [1, 0], e: [1, 0.5], se: [1, 1], s: [0.5, 1], sw: [0, 1], w: [0, 0.5] };

export function canvas(svg, m, { picture, label, describe, onMode }) {
  let view = { x: 0, y: 0, w: 1, h: 1 }, mode = "pick", ghost = null;
  const image = el("image", { preserveAspectRatio: "none" }, svg), shapes = el("g", {}, svg), grips = el("g", {}, svg);
  const unit = () => view.w / Math.max(1, svg.clientWidth); // page units a screen pixel

  function show() { svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`); size(); }
  function size() { const u = unit(); svg.style.setProperty("--u", String(u)); for (const t of shapes.querySelectorAll("text")) { t.setAttribute("font-size", String(11.5 * u)); t.classList.toggle("far", t.dataset.w !== undefined && Number(t.dataset.w) / u < 56); } drawGrips(); }
  function fit() {
    const { width, height } = m.page.size, port = svg.clientWidth / Math.max(1, svg.clientHeight), pad = 1.03;
    const w = Math.max(width, height * port) * pad; view = { w, h: w / port, x: (width - w) / 2, y: (height - w / port) / 2 };
    show();
  }
  function zoom(k, cx = svg.clientWidth / 2, cy = svg.clientHeight / 2) {
    const full = Math.max(m.page.size.width, m.page.size.height), w = Math.min(full * 4, Math.max(full / 60, view.w / k)), u = unit();
    const px = view.x + cx * u, py = view.y + cy * u, f = w / view.w;
    view = { x: px - (px - view.x) * f, y: py - (py - view.y) * f, w, h: view.h * f };
    show();
  }
  function reveal(key) {
    const r = m.rectOf(key);
    if (!r) return;
    const near = Math.max(r.w * 3.2, m.page.size.width * 0.22), port = view.h / view.w;
    const inside = r.x >= view.x && r.y >= view.y && r.x + r.w <= view.x + view.w && r.y + r.h <= view.y + view.h;
    if (inside && view.w < near * 2.4) return;
    const w = inside ? view.w : Math.min(view.w, near);
    view = { w, h: w * port, x: r.x + r.w / 2 - w / 2, y: r.y + r.h / 2 - (w * port) / 2 };
    show();
  }

  function drawAll() {
    const p = m.page, here = document.activeElement?.getAttribute?.("data-key");
    image.setAttribute("href", picture(p.number)); image.setAttribute("width", p.size.width); image.setAttribute("height", p.size.height);
    shapes.replaceChildren();
    const group = (key, cls) => { const g = el("g", { "data-key": key, class: `it ${cls}`, tabindex: "0", role: "button", "aria-label": describe(key), "aria-pressed": "false" }, shapes); return g; };
    const rect = (r, cls, into, key) => el("rect", { x: r.x, y: r.y, width: r.w, height: r.h, class: cls, ...(key ? { "data-key": key } : {}) }, into);
    (p.turus || []).forEach((t, i) => {
      const g = group(`t:${i}`, "turus"), [x0, x1, y0, y1] = [t.x_edges[0], t.x_edges.at(-1), t.y_edges[0], t.y_edges.at(-1)];
      rect({ x: x0, y: y0, w: x1 - x0, h: y1 - y0 }, "area", g);
      for (const x of t.x_edges) el("line", { x1: x, x2: x, y1: y0, y2: y1 }, g);
      for (const y of t.y_edges) el("line", { x1: x0, x2: x1, y1: y, y2: y }, g);
    });
    for (const [kind, areas] of [["w", p.words], ["f", p.free_text]]) for (const [name, r] of Object.entries(areas || {})) rect(r, "area", group(`${kind}:${name}`, kind === "w" ? "words" : "free"));
    (p.recognition?.markers || []).forEach((_, i) => rect(m.rectOf(`m:${i}`), "area", group(`m:${i}`, "mark")));
    if (p.recognition?.tag) { const g = group("tag", "mark"), r = m.rectOf("tag"); rect(r, "area", g); el("text", { x: r.x, y: r.y - r.h * 0.05 }, g).textContent = `36h10 ${p.recognition.tag.id}`; }
    p.numbers.forEach((n, i) => {
      const g = group(`n:${i}`, "number"), r = m.rectOf(`n:${i}`);
      rect(r, "hit", g);
      n.boxes.forEach((b, k) => rect(b, "box", g, `b:${i}:${k}`));
      (n.bubbles || []).forEach((u, k) => { for (const [x, y] of u.centres) el("circle", { cx: x, cy: y, r: u.radius, class: "bubble", "data-key": `u:${i}:${k}` }, g); });
      el("text", { x: n.boxes[0]?.x ?? r.x, y: (n.boxes[0]?.y ?? r.y) - m.page.size.width * 0.002, "data-w": r.w }, g).textContent = label(n);
    });
    mark(); size();
    if (here) shapes.querySelector(`[data-key="${CSS.escape(here)}"]`)?.focus({ preventScroll: true });
  }
  function mark() {
    const chosen = new Set(m.chosen), owners = new Set(m.chosen.map((k) => (/^[bu]:/.test(k) ? `n:${k.split(":")[1]}` : k)));
    for (const e of shapes.querySelectorAll("[data-key]")) {
      const key = e.getAttribute("data-key");
      e.classList.toggle("on", chosen.has(key)); e.classList.toggle("within", !chosen.has(key) && owners.has(key));
      if (e.hasAttribute("aria-pressed")) e.setAttribute("aria-pressed", String(owners.has(key)));
    }
    drawGrips();
  }
  function drawGrips() {
    grips.replaceChildren();
    if (ghost) el("rect", { x: ghost.x, y: ghost.y, width: ghost.w, height: ghost.h, class: "ghost" }, grips);
    if (m.chosen.length !== 1 || mode !== "pick") return;
    const r = m.rectOf(m.chosen[0]), u = unit(), s = 9 * u;
    if (!r) return;
    for (const [name, [fx, fy]] of Object.entries(HANDLES)) {
      if ((r.w < 30 * u && fx === 0.5) || (r.h < 30 * u && fy === 0.5)) continue;
      const x = r.x + r.w * fx + (fx - 0.5) * s * 1.3, y = r.y + r.h * fy + (fy - 0.5) * s * 1.3;
      el("rect", { x: x - s * 1.4, y: y - s * 1.4, width: s * 2.8, height: s * 2.8, class: "grip-hit", "data-grip": name }, grips);
      el("rect", { x: x - s / 2, y: y - s / 2, width: s, height: s, class: `grip grip-${name}`, "data-grip": name }, grips);
    }
  }

  // ---- pointer
  const fingers = new Map();
  let act = null;
  const spot = (e) => { const box = svg.getBoundingClientRect(), u = unit(); return [view.x + (e.clientX - box.left) * u, view.y + (e.clientY - box.top) * u]; };
  svg.addEventListener("pointerdown", (e) => {
    fingers.set(e.pointerId, [e.clientX, e.clientY]);
    svg.setPointerCapture(e.pointerId);
    if (fingers.size === 2) { act = { kind: "pinch" }; ghost = null; return; }
    const [x, y] = spot(e), grip = e.target.dataset?.grip, found = e.target.closest?.("[data-key]");
    if (mode !== "pick") { act = { kind: "draw", x, y }; return; }
    if (grip) { act = { kind: "stretch", grip, x, y, key: m.chosen[0], from: m.rectOf(m.chosen[0]) }; return; }
    if (found && e.button === 0) {
      let key = found.getAttribute("data-key");
      const owner = /^[bu]:/.test(key) ? `n:${key.split(":")[1]}` : key;
      // first the whole number; a second click goes into it
      if (key !== owner && !m.chosen.some((k) => k === owner || k.startsWith(`${key[0]}:${owner.slice(2)}:`) || k === key)) key = owner;
      else if (key !== owner && m.chosen.includes(owner)) { act = { kind: "move", x, y, keys: m.chosen, from: m.chosen.map(m.rectOf), deeper: key, done: false }; return; }
      if (e.shiftKey) m.select([key], { add: true });
      else if (!m.chosen.includes(key)) m.select([key]);
      act = { kind: "move", x, y, keys: [...m.chosen], from: m.chosen.map(m.rectOf), done: false };
      return;
    }
    act = { kind: "pan", at: [e.clientX, e.clientY], moved: false };
  });
  svg.addEventListener("pointermove", (e) => {
    const before = fingers.get(e.pointerId);
    if (!before || !act) return;
    const now = [e.clientX, e.clientY], u = unit(), [x, y] = spot(e);
    if (act.kind === "pinch" && fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== e.pointerId)[1], box = svg.getBoundingClientRect(), gap = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
      zoom(gap(now) / Math.max(1, gap(before)), (now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top);
    } else if (act.kind === "pan") {
      if (Math.hypot(now[0] - act.at[0], now[1] - act.at[1]) > 4) act.moved = true;
      view.x -= (now[0] - before[0]) * u; view.y -= (now[1] - before[1]) * u; show();
    } else if (act.kind === "draw") { ghost = { x: Math.min(x, act.x), y: Math.min(y, act.y), w: Math.abs(x - act.x), h: Math.abs(y - act.y) }; drawGrips(); }
    else if (act.kind === "move") {
      const dx = x - act.x, dy = y - act.y;
      if (!act.done && Math.hypot(dx, dy) < 4 * u) { fingers.set(e.pointerId, now); return; }
      act.done = true;
      m.change(`drag ${act.keys.join()}`, () => act.keys.forEach((k, i) => m.place(k, { ...act.from[i], x: act.from[i].x + dx, y: act.from[i].y + dy })), { merge: true });
    } else if (act.kind === "stretch") {
      const r = { ...act.from }, dx = x - act.x, dy = y - act.y, g = act.grip;
      if (g.includes("e")) r.w += dx; if (g.includes("s")) r.h += dy;
      if (g.includes("w")) { r.x += dx; r.w -= dx; } if (g.startsWith("n")) { r.y += dy; r.h -= dy; }
      if (r.w > 2 * u && r.h > 2 * u) m.change(`stretch ${act.key}`, () => m.place(act.key, r), { merge: true });
    }
    fingers.set(e.pointerId, now);
  });
  function end(e) {
    fingers.delete(e.pointerId);
    if (!act) return;
    if (act.kind === "draw") {
      const g = ghost, wanted = mode; ghost = null; setMode("pick");
      if (g && g.w > 6 * unit() && g.h > 6 * unit()) drawn(wanted, g);
    } else if (act.kind === "move" && !act.done && act.deeper) m.select([act.deeper]);
    else if (act.kind === "pan" && !act.moved) m.select([]);
    if (!fingers.size) act = null;
  }
  svg.addEventListener("pointerup", end); svg.addEventListener("pointercancel", end);
  svg.addEventListener("wheel", (e) => { e.preventDefault(); const box = svg.getBoundingClientRect(); zoom(Math.exp(-e.deltaY * 0.0016), e.clientX - box.left, e.clientY - box.top); }, { passive: false });
  function drawn(wanted, g) {
    const round = (v) => Math.round(v * 100) / 100, r = { x: round(g.x), y: round(g.y), w: round(g.w), h: round(g.h) };
    if (wanted === "number") m.addNumber(r.x, r.y, r.w, r.h, Math.min(4, Math.max(1, Math.round(r.w / (r.h * 0.85)))));
    else if (wanted === "free") { const name = Object.keys(m.page.free_text || {}).length + 1; m.change("area", (p) => { (p.free_text ||= {})[`tulisan_${name}`] = r; }); m.select([`f:tulisan_${name}`]); }
  }
  function setMode(to) { mode = to; svg.classList.toggle("drawing", to !== "pick"); onMode(to); drawGrips(); }

  new ResizeObserver(() => { const u = view.w / Math.max(1, svg.clientWidth); view.h = svg.clientHeight * u; show(); }).observe(svg);
  m.listen((what) => { if (what === "selected") mark(); else { drawAll(); if (what === "page") fit(); } });
  drawAll(); fit();
  return { fit, zoom, reveal, setMode, get mode() { return mode; }, middle: () => [view.x + view.w / 2, view.y + view.h / 2], pan: (dx, dy) => { view.x += dx * view.w; view.y += dy * view.h; show(); } };
}
