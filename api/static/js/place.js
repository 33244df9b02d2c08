// The TPS search field: type "mariana 3", or walk kecamatan > desa > TPS. Keyboard: arrows, Enter, Escape, Backspace on an empty field goes up.
import { call } from "app/http.js";

const kinds = { kecamatan: "kecamatan", desa: "desa", tps: "" };

export function placePicker(root, { remember } = {}) {
  const input = root.querySelector("[role=combobox]");
  const list = root.querySelector("[role=listbox]");
  const value = root.querySelector("[data-value]");
  const chosen = root.querySelector("[data-chosen]");
  const search = root.querySelector("[data-search]");
  const key = remember ? "c1-last-tps" : null;
  let items = [], at = -1, trail = [], turn = 0;

  const choose = (item, focus = true) => {
    value.value = item.code;
    root.querySelector("[data-label]").textContent = item.label;
    chosen.hidden = false; search.hidden = true; close();
    if (key) try { localStorage.setItem(key, JSON.stringify({ code: item.code, label: item.label })); } catch { /* private mode */ }
    if (focus) chosen.querySelector("[data-change]").focus();
    queueMicrotask(() => root.dispatchEvent(new CustomEvent("placed", { detail: item }))); // after the picker is there, for a remembered place
  };
  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const mark = (i) => {
    at = i;
    [...list.querySelectorAll("[role=option]")].forEach((o, n) => {
      o.setAttribute("aria-selected", String(n === i));
      if (n === i) { input.setAttribute("aria-activedescendant", o.id); o.scrollIntoView({ block: "nearest" }); }
    });
  };
  const up = () => { trail.pop(); input.value = ""; load(); };
  const pick = (item) => {
    if (item.up) return up();
    if (item.level === "tps") return choose({ ...item, label: item.label.includes(",") ? item.label : [item.label, ...trail.map((p) => p.name).reverse()].join(", ") });
    trail.push(item); input.value = ""; load();
  };
  const show = () => {
    list.replaceChildren();
    items.forEach((item, n) => {
      const option = document.createElement("div");
      option.setAttribute("role", "option"); option.id = `${list.id}-${n}`; option.setAttribute("aria-selected", "false");
      if (item.up) option.className = "back";
      const name = document.createElement("span"); name.textContent = item.up ? `‹ ${item.label}` : item.label;
      const kind = document.createElement("span"); kind.className = "kind"; kind.textContent = item.up ? "" : kinds[item.level];
      option.append(name, kind);
      option.addEventListener("pointerdown", (e) => e.preventDefault());
      option.addEventListener("click", () => pick(item));
      list.append(option);
    });
    if (!items.some((i) => !i.up)) { const none = document.createElement("div"); none.className = "none"; none.textContent = root.dataset.none; list.append(none); }
    list.hidden = false; input.setAttribute("aria-expanded", "true");
    const first = items.findIndex((i) => !i.up);
    if (first >= 0) mark(first);
  };
  const load = async () => {
    const mine = ++turn, here = trail.at(-1);
    try {
      const found = await call("GET", `/api/places?q=${encodeURIComponent(input.value)}&within=${here ? here.code : ""}`);
      if (mine !== turn) return;
      items = [...(here ? [{ up: true, label: `${root.dataset.back}: ${here.name}` }] : []), ...found.items];
      show();
    } catch (e) { list.textContent = e.message; list.hidden = false; }
  };

  input.addEventListener("focus", load);
  input.addEventListener("input", load);
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); if (list.hidden) return load(); mark((at + (e.key === "ArrowDown" ? 1 : -1) + items.length) % items.length); }
    else if (e.key === "Enter") { e.preventDefault(); if (!list.hidden && items[at]) pick(items[at]); }
    else if (e.key === "Escape") close();
    else if (e.key === "Backspace" && input.value === "" && trail.length) { e.preventDefault(); up(); }
  });
  const clear = () => { value.value = ""; chosen.hidden = true; search.hidden = false; trail = []; input.value = ""; };
  root.querySelector("[data-change]").addEventListener("click", () => { clear(); input.focus(); });
  if (key) try { const last = JSON.parse(localStorage.getItem(key) || "null"); if (last && last.code) choose(last, false); } catch { /* nothing remembered */ }
  return { get code() { return value.value; }, focus: () => input.focus(), clear };
}
