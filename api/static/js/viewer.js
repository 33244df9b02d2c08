// The sheet's picture: zoom by wheel, pinch or buttons, pan by dragging, quarter turns, boxes of numbers drawn over it.
export function viewer(port, canvas, picture, overlay, places) {
  const at = { x: 0, y: 0, k: 1, r: 0 };
  let width = 0, height = 0;
  const rects = new Map();
  let shown = null, size = "";

  const turned = () => (at.r % 180 === 0 ? [width, height] : [height, width]);
  const apply = () => {
    const shift = { 0: [0, 0], 90: [height, 0], 180: [width, height], 270: [0, width] }[at.r];
    canvas.style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.k}) translate(${shift[0]}px, ${shift[1]}px) rotate(${at.r}deg)`;
  };
  const fit = () => {
    const [w, h] = turned();
    at.k = Math.min(port.clientWidth / w, port.clientHeight / h) * 0.98;
    at.x = (port.clientWidth - w * at.k) / 2; at.y = (port.clientHeight - h * at.k) / 2;
    apply();
  };
  const zoom = (factor, cx = port.clientWidth / 2, cy = port.clientHeight / 2) => {
    const k = Math.min(6, Math.max(0.05, at.k * factor));
    at.x = cx - ((cx - at.x) * k) / at.k; at.y = cy - ((cy - at.y) * k) / at.k; at.k = k;
    apply();
  };
  const turn = () => { at.r = (at.r + 90) % 360; fit(); };
  const show = (name) => {
    shown = name;
    for (const [n, r] of rects) r.classList.toggle("here", n === name);
    const place = places[name];
    if (!place || !width || at.r) return;
    const [x, y, w, h] = place;
    at.k = Math.min(2.2, Math.max(port.clientWidth * 0.3 / w, Math.min(port.clientWidth / width, port.clientHeight / height)), port.clientHeight * 0.35 / h);
    at.x = port.clientWidth / 2 - (x + w / 2 - w * 0.6) * at.k; at.y = port.clientHeight / 2 - (y + h / 2) * at.k;
    apply();
  };
  const paint = (name, classes) => { const r = rects.get(name); if (r) { const here = r.classList.contains("here"); r.setAttribute("class", classes + (here ? " here" : "")); } };

  const ready = () => {
    width = picture.naturalWidth; height = picture.naturalHeight;
    if (!width) return;
    overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [name, p] of Object.entries(places)) {
      const r = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      r.setAttribute("x", p[0] - 5); r.setAttribute("y", p[1] - 5); r.setAttribute("width", p[2] + 10); r.setAttribute("height", p[3] + 10); r.setAttribute("rx", 4);
      overlay.append(r); rects.set(name, r);
    }
    size = `${port.clientWidth}x${port.clientHeight}`;
    fit();
    picture.dispatchEvent(new CustomEvent("shown"));
  };

  const fingers = new Map();
  port.addEventListener("pointerdown", (e) => { fingers.set(e.pointerId, [e.clientX, e.clientY]); port.setPointerCapture(e.pointerId); port.classList.add("drag"); });
  port.addEventListener("pointermove", (e) => {
    const before = fingers.get(e.pointerId);
    if (!before) return;
    const now = [e.clientX, e.clientY];
    if (fingers.size === 1) { at.x += now[0] - before[0]; at.y += now[1] - before[1]; apply(); }
    else if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== e.pointerId)[1], box = port.getBoundingClientRect();
      const gap = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
      zoom(gap(now) / Math.max(1, gap(before)), (now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top);
    }
    fingers.set(e.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) port.addEventListener(end, (e) => { fingers.delete(e.pointerId); if (!fingers.size) port.classList.remove("drag"); });
  port.addEventListener("wheel", (e) => { e.preventDefault(); const box = port.getBoundingClientRect(); zoom(Math.exp(-e.deltaY * 0.0015), e.clientX - box.left, e.clientY - box.top); }, { passive: false });
  port.addEventListener("keydown", (e) => {
    const step = 60, moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[e.key];
    if (moves) { at.x += moves[0]; at.y += moves[1]; apply(); }
    else if (e.key === "+" || e.key === "=") zoom(1.25);
    else if (e.key === "-") zoom(0.8);
    else return;
    e.preventDefault();
  });
  new ResizeObserver(() => { const now = `${port.clientWidth}x${port.clientHeight}`; if (width && now !== size) { size = now; fit(); if (shown) show(shown); } }).observe(port);
  if (picture.complete && picture.naturalWidth) ready(); else picture.addEventListener("load", ready, { once: true });
  return { fit, zoom, turn, show, paint };
}
