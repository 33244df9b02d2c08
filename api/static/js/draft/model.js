// The template being edited: its JSON, what is selected, undo. Geometry is in page units; an item is named by a key:
// n:3 a number, b:3:1 its second box, u:3:1 the bubbles under it, t:0 a tally grid, w:NAME words, f:NAME free text, m:0 a marker, tag.
const round = (v) => Math.round(v * 100) / 100;
const copy = (v) => JSON.parse(JSON.stringify(v));

export function model(body) {
  let state = copy(body), at = 0, past = [], future = [], chosen = [], settled = JSON.stringify(state);
  const heard = new Set();
  const page = () => state.pages[at];
  const tell = (what) => { for (const h of heard) h(what); };

  // ---- changes
  function change(what, make, { merge = false } = {}) {
    const before = settled;
    make(page(), state);
    settled = JSON.stringify(state);
    if (settled === before) return;
    if (!(merge && past.length && past[past.length - 1].what === what && Date.now() - past[past.length - 1].when < 1500)) past.push({ what, before, at, when: Date.now() });
    else past[past.length - 1].when = Date.now();
    if (past.length > 300) past.shift();
    future = [];
    chosen = chosen.filter(rectOf);
    tell("changed");
  }
  function step(from, to) {
    const last = from.pop();
    if (!last) return null;
    to.push({ what: last.what, before: JSON.stringify(state), at, when: 0 });
    state = JSON.parse(last.before); settled = last.before; at = Math.min(last.at, state.pages.length - 1);
    chosen = chosen.filter(rectOf);
    tell("replaced");
    return last.what;
  }

  // ---- geometry
  function points(key) { // every coordinate of an item as [object, index or name, axis]
    const p = page(), [kind, a, b] = key.split(":"), out = [];
    const box = (r) => out.push({ get: () => [r.x, r.y, r.w, r.h], set: (v) => { [r.x, r.y, r.w, r.h] = v; } });
    const column = (u) => { for (const c of u.centres) out.push({ get: () => [c[0], c[1], 0, 0], set: (v) => { c[0] = v[0]; c[1] = v[1]; }, pad: u.radius }); };
    if (kind === "n") { const n = p.numbers[a]; if (n) { n.boxes.forEach(box); (n.bubbles || []).forEach(column); } }
    else if (kind === "b") { const r = p.numbers[a]?.boxes[b]; if (r) box(r); }
    else if (kind === "u") { const u = p.numbers[a]?.bubbles?.[b]; if (u) column(u); }
    else if (kind === "t") {
      const g = p.turus?.[a];
      if (g) out.push({ get: () => [g.x_edges[0], g.y_edges[0], g.x_edges.at(-1) - g.x_edges[0], g.y_edges.at(-1) - g.y_edges[0]], set: (v) => {
        const fit = (edges, from, size) => { const [first, whole] = [edges[0], edges.at(-1) - edges[0] || 1]; return edges.map((e) => round(from + ((e - first) / whole) * size)); };
        g.x_edges = fit(g.x_edges, v[0], v[2]); g.y_edges = fit(g.y_edges, v[1], v[3]);
      } });
    } else if (kind === "w" || kind === "f") { const r = (kind === "w" ? p.words : p.free_text)?.[a]; if (r) box(r); }
    else if (kind === "m") {
      const m = p.recognition?.markers?.[a];
      if (m) { const half = () => (m.kind === "square" ? m.size / 2 : m.size); out.push({ get: () => [m.at[0] - half(), m.at[1] - half(), 2 * half(), 2 * half()], set: (v) => { m.at = [round(v[0] + v[2] / 2), round(v[1] + v[3] / 2)]; m.size = round(m.kind === "square" ? v[2] : v[2] / 2); } }); }
    } else if (kind === "tag") {
      const t = p.recognition?.tag;
      if (t) out.push({ get: () => { const xs = t.corners.map((c) => c[0]), ys = t.corners.map((c) => c[1]); const x = Math.min(...xs), y = Math.min(...ys); return [x, y, Math.max(...xs) - x, Math.max(...ys) - y]; }, set: (v) => { const [x, y, w, h] = v; t.corners = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]].map((c) => c.map(round)); } });
    }
    return out;
  }
  function rectOf(key) {
    const parts = points(key);
    if (!parts.length) return null;
    let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
    for (const part of parts) { const [x, y, w, h] = part.get(), pad = part.pad || 0; x0 = Math.min(x0, x - pad); y0 = Math.min(y0, y - pad); x1 = Math.max(x1, x + w + pad); y1 = Math.max(y1, y + h + pad); }
    return { x: x0, y: y0, w: x1 - x0, h: y1 - y0 };
  }
  function place(key, to) { // move and stretch an item so that its outline becomes ``to``
    const from = rectOf(key);
    if (!from) return;
    const kx = from.w > 0 ? Math.max(to.w, 0.2) / from.w : 1, ky = from.h > 0 ? Math.max(to.h, 0.2) / from.h : 1;
    for (const part of points(key)) { const [x, y, w, h] = part.get(); part.set([to.x + (x - from.x) * kx, to.y + (y - from.y) * ky, w * kx, h * ky].map(round)); }
    const [kind, a, b] = key.split(":"), n = page().numbers[a];
    if (kind === "n" || kind === "u") (n.bubbles || []).forEach((u, k) => { if (kind === "n" || k === Number(b)) u.radius = round(u.radius * Math.sqrt(kx * ky)); });
  }

  // ---- numbers
  const names = () => state.pages.flatMap((p) => p.numbers.map((n) => n.name));
  function fresh(stem) { const taken = new Set(names()); let k = 1; while (taken.has(`${stem}_${k}`)) k += 1; return `${stem}_${k}`; }
  const usual = () => { const boxes = page().numbers.flatMap((n) => n.boxes).map((b) => [b.w, b.h]).sort((a, b) => a[0] - b[0]); return boxes.length ? boxes[boxes.length >> 1] : [page().size.width / 40, page().size.width / 32]; };
  function addNumber(x, y, w, h, count = 3) {
    const [bw, bh] = usual(), gap = bw * 0.12;
    const each = w ? (w - gap * (count - 1)) / count : bw, high = h || bh;
    const boxes = Array.from({ length: count }, (_, k) => ({ x: round(x + k * (each + gap)), y: round(y), w: round(each), h: round(high) }));
    change("number", (p) => { p.numbers.push({ name: fresh(`angka_h${p.number}`), label: { id: "", en: "" }, boxes }); });
    select([`n:${page().numbers.length - 1}`]);
  }
  function duplicate() {
    const numbers = chosen.map((k) => Number(k.split(":")[1])).filter((i, k, all) => chosen[k].startsWith("n:") && all.indexOf(i) === k);
    if (!numbers.length) return;
    const rects = numbers.map((i) => rectOf(`n:${i}`)), down = Math.max(...rects.map((r) => r.y + r.h)) - Math.min(...rects.map((r) => r.y));
    change("copy", (p) => {
      for (const i of numbers) {
        const n = copy(p.numbers[i]);
        n.name = fresh(`angka_h${p.number}`); n.label = { id: "", en: "" };
        for (const b of n.boxes) b.y = round(b.y + down * 1.15);
        for (const u of n.bubbles || []) u.centres = u.centres.map(([x, y]) => [x, round(y + down * 1.15)]);
        p.numbers.push(n);
      }
    });
    select(numbers.map((_, k) => `n:${page().numbers.length - numbers.length + k}`));
  }
  function addBox(i) {
    const n = page().numbers[i];
    if (!n || n.boxes.length >= 4) return;
    const last = n.boxes.at(-1), step = n.boxes.length > 1 ? last.x - n.boxes.at(-2).x : last.w * 1.12;
    change("box", () => {
      n.boxes.push({ ...last, x: round(last.x + step) });
      if (n.bubbles?.length) n.bubbles.push({ ...copy(n.bubbles.at(-1)), centres: n.bubbles.at(-1).centres.map(([x, y]) => [round(x + step), y]) });
    });
    select([`b:${i}:${n.boxes.length - 1}`]);
  }
  function remove(keys = chosen) {
    if (!keys.length) return;
    change("remove", (p, all) => {
      const gone = new Set(), boxes = {};
      for (const key of keys) {
        const [kind, a, b] = key.split(":");
        if (kind === "n") gone.add(Number(a));
        else if (kind === "b") (boxes[a] ||= new Set()).add(Number(b));
        else if (kind === "u") { delete p.numbers[a].bubbles; }
        else if (kind === "t") p.turus[a] = null;
        else if (kind === "w") delete p.words[a];
        else if (kind === "f") delete p.free_text[a];
        else if (kind === "m") p.recognition.markers[a] = null;
        else if (kind === "tag") delete p.recognition.tag;
      }
      for (const [i, which] of Object.entries(boxes)) {
        const n = p.numbers[i];
        if (n.bubbles?.length === n.boxes.length) n.bubbles = n.bubbles.filter((_, k) => !which.has(k));
        n.boxes = n.boxes.filter((_, k) => !which.has(k));
        if (!n.boxes.length) gone.add(Number(i));
      }
      const lost = new Set([...gone].map((i) => p.numbers[i].name));
      p.numbers = p.numbers.filter((_, i) => !gone.has(i));
      if (p.turus) p.turus = p.turus.filter((g) => g && !lost.has(g.number));
      if (p.recognition?.markers) p.recognition.markers = p.recognition.markers.filter(Boolean);
      for (const name of lost) { if (p.words) delete p.words[name]; forget(p, name); forget(all, name); }
    });
    chosen = []; tell("selected");
  }
  function forget(holder, name) { // rules of a number that is gone
    if (!holder.rules) return;
    for (const r of holder.rules) if (r.kind === "sum") r.parts = r.parts.filter((x) => x !== name);
    holder.rules = holder.rules.filter((r) => (r.kind === "sum" ? r.total !== name && r.parts.length : r.number !== name && r.bound !== name));
  }
  function rename(i, name) {
    const old = page().numbers[i].name;
    if (old === name) return;
    change(`name ${i}`, (p, all) => {
      p.numbers[i].name = name;
      if (names().includes(old)) return; // another number of that name keeps its rules
      const swap = (x) => (x === old ? name : x);
      for (const holder of [...all.pages, all]) for (const r of holder.rules || []) {
        if (r.kind === "sum") { r.total = swap(r.total); r.parts = r.parts.map(swap); } else { r.number = swap(r.number); if (typeof r.bound === "string") r.bound = swap(r.bound); }
      }
      for (const g of p.turus || []) g.number = swap(g.number);
      if (p.words && old in p.words) { p.words[name] = p.words[old]; delete p.words[old]; }
    }, { merge: true });
  }

  function select(keys, { add = false } = {}) {
    chosen = (add ? [...new Set([...chosen, ...keys])] : keys).filter(rectOf);
    tell("selected");
  }
  return {
    get body() { return state; }, get page() { return page(); }, get at() { return at; }, get chosen() { return chosen; },
    listen: (h) => heard.add(h), change, select, rectOf, place, addNumber, addBox, duplicate, remove, rename, names, usual, fresh,
    go(i) { if (i >= 0 && i < state.pages.length && i !== at) { at = i; chosen = []; tell("page"); } },
    undo: () => step(past, future), redo: () => step(future, past),
    get canUndo() { return past.length > 0; }, get canRedo() { return future.length > 0; },
  };
}
