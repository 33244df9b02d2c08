// The numbers of the page as a list of fields, and the exact place of what is selected.
const make = (html) => { const t = document.createElement("template"); t.innerHTML = html.trim(); return t.content.firstElementChild; };
const field = (say, cls, text, attrs = "") => `<label class="f ${cls}"><span>${text}</span><input class="form-control form-control-sm" ${attrs} autocomplete="off"></label>`;

export function panel(list, place, m, say, vocabulary) {
  let typing = false;

  function card(n, i) {
    const li = make(`<li class="n-card"><button type="button" class="n-go"><span class="n-no"></span><span class="visually-hidden">${say.show}</span></button>
      <div class="n-fields">${field(say, "name", say.name, 'data-f="name" list="names" spellcheck="false" autocapitalize="none" maxlength="60"')}
      ${field(say, "id", say.label_id, 'data-f="id" maxlength="200"')}${field(say, "en", say.label_en, 'data-f="en" maxlength="200"')}
      <p class="n-more"><span data-count></span><button type="button" class="btn btn-sm btn-outline-secondary" data-add>${say.add_box}</button><label class="form-check"><input type="checkbox" class="form-check-input" data-shared><span>${say.shared}</span></label><button type="button" class="btn btn-sm btn-outline-danger" data-remove>${say.remove}</button></p></div></li>`);
    li.dataset.i = String(i);
    const get = (f) => li.querySelector(`[data-f=${f}]`), at = () => Number(li.dataset.i);
    get("name").value = n.name; get("id").value = n.label?.id || ""; get("en").value = n.label?.en || "";
    li.querySelector(".n-no").textContent = String(i + 1);
    li.querySelector("[data-count]").textContent = say.boxes.replace("{n}", n.boxes.length) + (n.bubbles?.length ? `, ${say.bubbles}` : "") + (n.guide ? `, ${say.guide}` : "");
    li.querySelector("[data-shared]").checked = !!n.shared_borders;
    const written = (work) => { typing = true; work(); typing = false; };
    get("name").addEventListener("input", (e) => written(() => {
      const name = e.target.value.trim().toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+/, ""), known = vocabulary[name], label = m.page.numbers[at()].label || {};
      const empty = (v) => !v || Object.values(vocabulary).some((k) => k.id === v || k.en === v);
      m.rename(at(), name);
      if (known && empty(label.id) && empty(label.en)) {
        m.change(`name ${at()}`, (p) => { p.numbers[at()].label = { ...known }; }, { merge: true });
        get("id").value = known.id; get("en").value = known.en;
      }
    }));
    get("name").addEventListener("change", (e) => { e.target.value = m.page.numbers[at()]?.name ?? ""; });
    for (const f of ["id", "en"]) get(f).addEventListener("input", (e) => written(() => m.change(`label ${f} ${at()}`, (p) => { const l = (p.numbers[at()].label ||= { id: "", en: "" }); l[f] = e.target.value; }, { merge: true })));
    li.addEventListener("focusin", () => { if (!m.chosen.some((k) => k.split(":")[1] === String(at()) && /^[nbu]$/.test(k[0]))) m.select([`n:${at()}`]); });
    li.querySelector(".n-go").addEventListener("click", () => m.select([`n:${at()}`]));
    li.querySelector("[data-add]").addEventListener("click", () => m.addBox(at()));
    li.querySelector("[data-add]").disabled = n.boxes.length >= 4;
    li.querySelector("[data-remove]").addEventListener("click", () => m.remove([`n:${at()}`]));
    li.querySelector("[data-shared]").addEventListener("change", (e) => m.change("shared", (p) => { p.numbers[at()].shared_borders = e.target.checked; }));
    return li;
  }

  function drawList() {
    const held = document.activeElement, li = held?.closest?.(".n-card"), where = li && list.contains(li) ? [li.dataset.i, held.dataset.f] : null;
    list.replaceChildren(...m.page.numbers.map(card));
    if (where) list.querySelector(`[data-i="${where[0]}"] ${where[1] ? `[data-f=${where[1]}]` : ".n-go"}`)?.focus();
    mark(false);
  }
  function mark(scroll) {
    const on = new Set(m.chosen.filter((k) => /^[nbu]:/.test(k)).map((k) => k.split(":")[1]));
    for (const li of list.children) li.classList.toggle("on", on.has(li.dataset.i));
    if (scroll && on.size === 1) { const li = list.querySelector(`[data-i="${[...on][0]}"]`); if (li && !li.contains(document.activeElement)) { const box = li.getBoundingClientRect(), holder = list.parentElement; if (holder.scrollHeight > holder.clientHeight + 8) holder.scrollTop += box.top - holder.getBoundingClientRect().top - holder.clientHeight / 3; } }
    drawPlace();
  }
  function drawPlace() {
    const one = m.chosen.length === 1 ? m.rectOf(m.chosen[0]) : null;
    place.hidden = m.chosen.length === 0;
    place.querySelector("[data-what]").textContent = m.chosen.length === 1 ? say.kinds[m.chosen[0].split(":")[0]] : say.many.replace("{n}", m.chosen.length);
    for (const input of place.querySelectorAll("[data-axis]")) { input.disabled = !one; if (document.activeElement !== input) input.value = one ? String(Math.round(one[input.dataset.axis] * 100) / 100) : ""; }
    const tag = m.chosen[0] === "tag";
    place.querySelector("[data-tag]").hidden = !tag;
    if (tag) { const t = m.page.recognition.tag; place.querySelector("[data-tag-id]").value = t.id; place.querySelector("[data-tag-turned]").value = String(t.turned || 0); }
  }
  for (const input of place.querySelectorAll("[data-axis]")) input.addEventListener("change", () => {
    const key = m.chosen[0], r = m.rectOf(key), v = Number(input.value.replace(",", "."));
    if (!r || !Number.isFinite(v)) return;
    m.change(`place ${key}`, () => m.place(key, { ...r, [input.dataset.axis]: v }));
  });
  place.querySelector("[data-tag-id]").addEventListener("change", (e) => m.change("tag", (p) => { p.recognition.tag.id = Math.round(Number(e.target.value)); }));
  place.querySelector("[data-tag-turned]").addEventListener("change", (e) => m.change("tag", (p) => { p.recognition.tag.turned = Number(e.target.value); }));
  place.querySelector("[data-remove-chosen]").addEventListener("click", () => m.remove());

  m.listen((what) => { if (what === "selected") mark(true); else if (what === "changed" && typing) drawPlace(); else if (what !== "changed" || structure() !== shape) { shape = structure(); drawList(); } else { drawPlace(); } });
  const structure = () => JSON.stringify([m.at, m.page.numbers.map((n) => [n.boxes.length, n.bubbles?.length, n.shared_borders])]);
  let shape = structure();
  drawList();
  return { focus: (i) => list.querySelector(`[data-i="${i}"] [data-f=name]`)?.focus(), focusPlace: () => place.querySelector("[data-axis]").focus() };
}
