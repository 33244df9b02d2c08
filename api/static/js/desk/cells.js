// A number's row of input cells, one glyph a cell, as on the paper: digits, X or - for an empty box. A real input lies over the cells,
// so that screen readers, paste and on-screen keyboards work; what is shown and which cell comes next is ours.
const GLYPH = /^[0-9X_-]$/;
const BLANK = "_";

export const clean = (text) => [...text.toUpperCase().replace(/[×*]/g, "X").replace(/\s/g, BLANK)].filter((c) => GLYPH.test(c)).join("");

export class Cells {
  // on: {change(), focus(), full()}
  constructor({ id, width, text, label, on }) {
    this.width = width; this.on = on; this.at = 0; this.illegible = false;
    this.blankIsZero = false; // true where the machine read a row left blank, and so 0
    this.root = document.createElement("div"); this.root.className = "cells";
    this.input = document.createElement("input");
    Object.assign(this.input, { id, className: "cells-in", type: "text", autocomplete: "off", spellcheck: false, inputMode: matchMedia("(pointer: coarse)").matches ? "none" : "numeric" });
    this.input.setAttribute("aria-label", label); this.input.setAttribute("autocapitalize", "characters"); this.input.enterKeyHint = "next";
    this.spots = Array.from({ length: width }, () => { const s = document.createElement("span"); s.className = "cell"; s.setAttribute("aria-hidden", "true"); return s; });
    this.root.append(...this.spots, this.input);
    this.origin = this._fitted(text ?? ""); this.text = this.origin;
    this.input.addEventListener("focus", () => { this.render(); this.on.focus(); });
    this.input.addEventListener("blur", () => this.render());
    this.input.addEventListener("keydown", (e) => this._key(e));
    this.input.addEventListener("input", (e) => this._input(e));
    this.input.addEventListener("click", (e) => { const box = this.root.getBoundingClientRect(); this.go(Math.floor(((e.clientX - box.left) / box.width) * width)); });
    this.render();
  }

  // "27" stands right-aligned; what is longer than the boxes is cut.
  _fitted(text) { const c = text.slice(0, this.width); return c.padStart(this.width, BLANK); }

  get touched() { return this.illegible || this.text !== this.origin; }
  get empty() { return !this.illegible && [...this.text].every((c) => c === BLANK); }

  // A number; null: said to be illegible; undefined: no number (yet).
  get value() {
    if (this.illegible) return null;
    const digits = this.text.replace(/^[X_-]+/, "");
    if (this.empty) return this.blankIsZero && !this.touched ? 0 : undefined;
    return /^\d*$/.test(digits) ? Number(digits || "0") : undefined;
  }

  set(text, { quiet = false } = {}) { this.illegible = false; this.text = this._fitted(text); this.render(); if (!quiet) this.on.change(); }
  restore({ text, illegible }) { this.text = text; this.illegible = illegible; this.render(); this.on.change(); }
  snapshot() { return { text: this.text, illegible: this.illegible }; }
  say(illegible) { this.illegible = illegible; this.render(); this.on.change(); }
  go(i) { this.at = Math.max(0, Math.min(this.width, i)); this.render(); }
  focus(at) { if (at !== undefined) this.at = at; this.input.focus({ preventScroll: true }); this.render(); }

  type(glyph) {
    if (this.illegible) { this.illegible = false; this.text = BLANK.repeat(this.width); this.at = 0; }
    if (this.at >= this.width) { this.root.classList.remove("full"); void this.root.offsetWidth; this.root.classList.add("full"); return; }
    this.text = this.text.slice(0, this.at) + glyph + this.text.slice(this.at + 1);
    this.at += 1;
    this.render(); this.on.change();
  }
  back() {
    if (this.illegible) return this.say(false);
    if (this.at > 0) this.at -= 1;
    this.text = this.text.slice(0, this.at) + BLANK + this.text.slice(this.at + 1);
    this.render(); this.on.change();
  }
  clear() { this.at = 0; this.set(BLANK.repeat(this.width)); }
  // "27_" was meant as 27: digits typed from the first cell on move to the right, where the paper has them.
  settle() {
    const body = this.text.replace(/_+$/, "");
    if (body && body.length < this.width && /\d$/.test(body)) { this.text = this._fitted(body); this.render(); this.on.change(); }
  }

  _key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const key = e.key === "*" ? "X" : e.key.toUpperCase();
    if (GLYPH.test(key) && key !== BLANK) this.type(key);
    else if (e.key === "Backspace") this.back();
    else if (e.key === "Delete") this.clear();
    else if (e.key === "ArrowLeft") this.go(this.at - 1);
    else if (e.key === "ArrowRight") this.go(this.at + 1);
    else if (e.key === "Home") this.go(0);
    else if (e.key === "End") this.go(this.width - 1);
    else { if (e.key.length === 1) e.preventDefault(); return; } // a command, or nothing of ours: the desk's own keys see it
    e.preventDefault(); e.stopPropagation();
  }
  _input(e) {
    const said = clean(e.data ?? ""), all = clean(this.input.value);
    if (e.data && !said) { /* no glyph of a box */ }
    else if (e.inputType === "deleteContentBackward") this.back();
    else if (said.length === 1 && this.input.value.length > this.width) this.type(said); // one more glyph, from a keyboard that sends no key codes
    else if (e.inputType?.startsWith("insert") || e.inputType === undefined || e.inputType === "") { this.set(all.slice(-this.width)); this.go(this.width); }
    this.render();
  }
  render() {
    const here = document.activeElement === this.input;
    [...this.text].forEach((c, i) => {
      const s = this.spots[i];
      s.textContent = this.illegible ? "?" : c === BLANK ? "" : c;
      s.className = `cell${/\d/.test(c) && !this.illegible ? "" : " faint"}${here && i === this.at ? " here" : ""}${c !== this.origin[i] && !this.illegible ? " typed" : ""}`;
    });
    this.root.classList.toggle("focus", here); this.root.classList.toggle("ended", here && this.at >= this.width); this.root.classList.toggle("illegible", this.illegible);
    const shown = this.illegible ? "?" : this.text.replaceAll(BLANK, " ");
    if (this.input.value !== shown) this.input.value = shown;
  }
}
