// The sheet's picture: zoom by wheel, pinch, keys or buttons, pan by dragging, quarter turns, contrast, negative; boxes of numbers drawn over it.
const SVG = "http://www.w3.org/2000/svg";
const LOOKS = ["", "strong", "stronger"];

export function viewer(port, canvas, overlay) {
  const at = { x: 0, y: 0, k: 1, r: 0 };
  const rects = new Map(), fingers = new Map();
  let picture = null, places = {}, width = 0, height = 0, shown = null, size = "", look = 0, whole = false;

  // Where a point of the picture lies once it is turned, before zoom and pan.
  const turned = (x, y) => ({ 0: [x, y], 90: [height - y, x], 180: [width - x, height - y], 270: [y, width - x] })[at.r];
  const extent = () => (at.r % 180 ? [height, width] : [width, height]);
  const apply = () => {
    const [dx, dy] = { 0: [0, 0], 90: [height, 0], 180: [width, height], 270: [0, width] }[at.r];
    canvas.style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.k}) translate(${dx}px, ${dy}px) rotate(${at.r}deg)`;
  };
  const smallest = () => { const [w, h] = extent(); return Math.min(port.clientWidth / w, port.clientHeight / h) * 0.98; };
  const fit = () => {
    if (!width) return;
    const [w, h] = extent();
    whole = true; at.k = smallest();
    at.x = (port.clientWidth - w * at.k) / 2; at.y = (port.clientHeight - h * at.k) / 2;
    apply();
  };
  const zoom = (factor, cx = port.clientWidth / 2, cy = port.clientHeight / 2) => {
    const k = Math.min(6, Math.max(smallest() / 2, at.k * factor));
    at.x = cx - ((cx - at.x) * k) / at.k; at.y = cy - ((cy - at.y) * k) / at.k; at.k = k; whole = false;
    apply();
  };
  const pan = (dx, dy) => { at.x += dx; at.y += dy; apply(); };
  const turn = () => { at.r = (at.r + 90) % 360; if (shown && !whole) show(shown); else fit(); };
  const filter = (kind) => {
    if (kind === "contrast") { look = (look + 1) % LOOKS.length; canvas.dataset.look = LOOKS[look]; return look > 0; }
    return canvas.classList.toggle("negative");
  };
  const show = (name) => {
    shown = name;
    for (const [n, r] of rects) r.classList.toggle("here", n === name);
    const place = places[name];
    if (!place || !width) return;
    const [x, y, w, h] = place, [cx, cy] = turned(x + w / 2, y + h / 2), across = at.r % 180 ? h : w, down = at.r % 180 ? w : h;
    whole = false;
    at.k = Math.min(2.2, Math.max((port.clientWidth * 0.3) / across, smallest()), (port.clientHeight * 0.35) / down);
    // the label stands left of the boxes: leave more room there
    at.x = port.clientWidth / 2 - (cx - across * 0.6) * at.k; at.y = port.clientHeight / 2 - cy * at.k;
    apply();
  };
  const toggle = () => (whole && shown ? show(shown) : fit());
  const paint = (name, classes) => { const r = rects.get(name); if (r) r.setAttribute("class", classes + (name === shown ? " here" : "")); };

  // A loaded picture (img element) and where its numbers lie on it: {name: [x, y, w, h]}.
  const load = (img, where, pick) => {
    picture?.remove();
    picture = img; places = where; shown = null; at.r = 0;
    width = img.naturalWidth; height = img.naturalHeight;
    img.draggable = false;
    canvas.prepend(img);
    canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
    overlay.setAttribute("viewBox", `0 0 ${width || 1} ${height || 1}`);
    overlay.replaceChildren(); rects.clear();
    for (const [name, p] of Object.entries(places)) {
      const r = document.createElementNS(SVG, "rect");
      for (const [k, v] of Object.entries({ x: p[0] - 5, y: p[1] - 5, width: p[2] + 10, height: p[3] + 10, rx: 4 })) r.setAttribute(k, v);
      r.addEventListener("click", () => pick?.(name));
      overlay.append(r); rects.set(name, r);
    }
    size = `${port.clientWidth}x${port.clientHeight}`;
    fit();
  };

  port.addEventListener("pointerdown", (e) => { fingers.set(e.pointerId, [e.clientX, e.clientY]); port.classList.add("drag"); });
  port.addEventListener("pointermove", (e) => {
    const before = fingers.get(e.pointerId);
    if (!before) return;
    const now = [e.clientX, e.clientY];
    if (!port.hasPointerCapture(e.pointerId)) { if (Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return; port.setPointerCapture(e.pointerId); }
    if (fingers.size === 1) { whole = false; pan(now[0] - before[0], now[1] - before[1]); }
    else if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== e.pointerId)[1], box = port.getBoundingClientRect();
      const gap = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
      zoom(gap(now) / Math.max(1, gap(before)), (now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top);
    }
    fingers.set(e.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) port.addEventListener(end, (e) => { fingers.delete(e.pointerId); if (!fingers.size) port.classList.remove("drag"); });
  port.addEventListener("wheel", (e) => { e.preventDefault(); const box = port.getBoundingClientRect(); zoom(Math.exp(-e.deltaY * 0.0015), e.clientX - box.left, e.clientY - box.top); }, { passive: false });
  port.addEventListener("dblclick", toggle);
  port.addEventListener("keydown", (e) => {
    const move = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[e.key];
    if (move) pan(...move);
    else if (e.key === "+" || e.key === "=") zoom(1.25);
    else if (e.key === "-") zoom(0.8);
    else return;
    e.preventDefault(); e.stopPropagation();
  });
  new ResizeObserver(() => {
    const now = `${port.clientWidth}x${port.clientHeight}`;
    if (!width || now === size) return;
    size = now;
    if (shown && !whole) show(shown); else fit();
  }).observe(port);
  return { load, fit, zoom, turn, show, paint, pan, filter, toggle };
}
