// What must add up: the rules of the page, and those across the pages of one polling station.
const make = (html) => { const t = document.createElement("template"); t.innerHTML = html.trim(); return t.content.firstElementChild; };

export function rules(here, across, m, say) {
  const option = (value, text, chosen) => { const o = document.createElement("option"); o.value = value; o.textContent = text; o.selected = chosen; return o; };
  const names = (everywhere) => (everywhere ? m.names() : m.page.numbers.map((n) => n.name));
  const fresh = (holder, stem) => { const taken = new Set((holder.rules || []).map((r) => r.id)); let id = stem.slice(0, 56), k = 2; while (taken.has(id)) { id = `${stem.slice(0, 54)}_${k}`; k += 1; } return id; };

  function pick(known, value, text, onPick) {
    const s = make(`<select class="form-select form-select-sm"></select>`);
    s.setAttribute("aria-label", text);
    if (value === null) s.append(option("", text, true));
    for (const n of known) s.append(option(n, n, n === value));
    if (value !== null && !known.includes(value)) s.prepend(option(value, `${value} (?)`, true));
    s.addEventListener("change", () => onPick(s.value));
    return s;
  }
  function line(rule, i, holderOf, everywhere) {
    const li = make(`<li class="rule"></li>`), known = names(everywhere);
    const edit = (work) => m.change("rule", () => work(holderOf().rules[i]));
    if (rule.kind === "sum") {
      li.append(pick(known, rule.total, say.total, (v) => edit((r) => { r.total = v; })), make("<span>=</span>"));
      rule.parts.forEach((part, k) => {
        const chip = make(`<span class="part"><span></span><button type="button">×</button></span>`);
        chip.firstElementChild.textContent = part;
        chip.querySelector("button").setAttribute("aria-label", `${say.without} ${part}`);
        chip.querySelector("button").addEventListener("click", () => edit((r) => r.parts.splice(k, 1)));
        li.append(chip);
      });
      li.append(pick(known.filter((n) => n !== rule.total && !rule.parts.includes(n)), null, say.part, (v) => { if (v) edit((r) => r.parts.push(v)); }));
    } else {
      li.append(pick(known, rule.number, say.number, (v) => edit((r) => { r.number = v; })), make("<span>≤</span>"));
      const bound = make(`<input class="form-control form-control-sm bound" list="bounds">`);
      bound.value = String(rule.bound); bound.setAttribute("aria-label", say.bound);
      bound.addEventListener("change", () => edit((r) => { const v = bound.value.trim(); r.bound = /^\d+$/.test(v) ? Number(v) : v; }));
      li.append(bound);
    }
    const grave = make(`<select class="form-select form-select-sm grave"></select>`);
    grave.setAttribute("aria-label", say.severity);
    for (const s of ["error", "warning"]) grave.append(option(s, say[s], (rule.severity || "error") === s));
    grave.addEventListener("change", () => edit((r) => { r.severity = grave.value; }));
    const gone = make(`<button type="button" class="btn btn-sm btn-outline-danger"></button>`);
    gone.textContent = say.remove;
    gone.addEventListener("click", () => m.change("rule", () => { holderOf().rules.splice(i, 1); }));
    li.append(grave, gone);
    return li;
  }
  function draw() {
    for (const [box, holderOf, everywhere] of [[here, () => m.page, false], [across, () => m.body, true]]) {
      const list = box.querySelector("ul");
      list.replaceChildren(...(holderOf().rules || []).map((r, i) => line(r, i, holderOf, everywhere)));
      box.querySelector("[data-none]").hidden = list.children.length > 0;
    }
    const bounds = document.querySelector("#bounds");
    bounds.replaceChildren(...m.names().map((n) => option(n, n, false)));
  }
  for (const [box, holderOf, everywhere] of [[here, () => m.page, false], [across, () => m.body, true]]) {
    box.querySelector("[data-sum]").addEventListener("click", () => {
      const known = names(everywhere); if (known.length < 2) return;
      m.change("rule", () => { const h = holderOf(); (h.rules ||= []).push({ kind: "sum", id: fresh(h, `${known.at(-1)}_jumlah`), total: known.at(-1), parts: [known[0]], severity: "error" }); });
    });
    box.querySelector("[data-most]")?.addEventListener("click", () => {
      const known = names(everywhere); if (!known.length) return;
      m.change("rule", () => { const h = holderOf(); (h.rules ||= []).push({ kind: "at_most", id: fresh(h, `batas_${known.at(-1)}`), number: known.at(-1), bound: 800, severity: "error" }); });
    });
  }
  m.listen((what) => { if (what !== "selected" && !here.closest("[hidden]")) draw(); });
  draw();
  return { draw };
}
