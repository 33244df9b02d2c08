// One number of the sheet: its crop in large, the cells right below the printed boxes, what the readers saw and why it is doubted.
import { Cells } from "app/desk/cells.js";

const SVG = "http://www.w3.org/2000/svg";
export const el = (tag, props = {}, ...kids) => { const e = document.createElement(tag); Object.assign(e, props); e.append(...kids.filter((k) => k !== null && k !== undefined && k !== "")); return e; };
const MARGIN = 30; // pixels of paper shown around the boxes, of the crop picture's own

// The number's part of the picture that holds all crops, as an element of its own; null if its boxes were not found.
export function cropOf(sheet, number, label) {
  if (!number.crop_at || !sheet.crop_sheet) return null;
  const [x, y, w, h] = number.crop_at, { url, width, height, pad } = sheet.crop_sheet, off = Math.max(0, pad - MARGIN);
  const svg = document.createElementNS(SVG, "svg"), image = document.createElementNS(SVG, "image");
  const view = [x + off, y + off, w - 2 * off, h - 2 * off];
  svg.setAttribute("viewBox", view.join(" ")); svg.setAttribute("class", "crop"); svg.setAttribute("role", "img"); svg.setAttribute("aria-label", label);
  for (const [k, v] of Object.entries({ href: url, x: 0, y: 0, width, height })) image.setAttribute(k, v);
  svg.append(image);
  svg.style.aspectRatio = `${view[2]} / ${view[3]}`;
  svg.dataset.ratio = String(view[2] / view[3]);
  svg.dataset.margin = String((pad - off) / view[2]); // share of the width on either side of the boxes
  return svg;
}

// Where a person should look first: the cell about which the machine's candidates differ most.
function doubtfulCell(number) {
  const all = number.candidates || [];
  if (!number.boxes || all.length < 2) return 0;
  const doubt = [...number.boxes].map((c, i) => all.reduce((s, k) => s + (k.boxes[i] !== c ? k.probability : 0), 0));
  const most = Math.max(...doubt);
  return most > 0.001 ? doubt.indexOf(most) : 0;
}

export class Numeral {
  // say: texts; on: {change(n), focus(n)}
  constructor(sheet, json, { say, english, need, big, position, on }) {
    Object.assign(this, { json, name: json.name, say, label: english ? json.label_en : json.label, seen: false, shown: false, released: false });
    this.need = need || sheet.blind || json.doubtful;
    this.hint = null;
    this.cells = new Cells({ id: `v-${json.name}`, width: json.width, text: json.boxes ?? "", label: this.label, on: { change: () => { this.seen = false; on.change(this); }, focus: () => on.focus(this) } });
    this.cells.blankIsZero = json.value === 0;
    this.crop = cropOf(sheet, json, say["crop"].replace("{label}", this.label));
    this.state = el("span", { className: "num-state" }); this.state.setAttribute("role", "img");
    this.whys = el("ul", { className: "whys" });
    this.cells.input.setAttribute("aria-describedby", `w-${json.name}`);
    const readers = el("dl", { className: "readers" });
    for (const [who, r] of Object.entries(json.readers || {})) {
      const sure = r.boxes && r.confidence !== null ? `${Math.floor(r.confidence * 1000) / 10}`.replace(".", say["decimal"]) + " %" : "";
      readers.append(el("div", {}, el("dt", { textContent: say[`reader.${who}`] ?? who }), el("dd", {}, el("b", { textContent: r.boxes || say["reader.nothing"] }), sure && el("small", { textContent: ` ${sure}` }))));
    }
    // what else it may be, as told by the readers and the rules together: said, never filled in
    const others = (json.candidates || []).filter((c) => c.boxes !== json.boxes && c.probability > 0.01).slice(0, 2);
    const perhaps = others.length && this.need ? el("p", { className: "perhaps", textContent: `${say["perhaps"]} ` }, ...others.map((c) => el("span", {}, el("b", { textContent: c.boxes }), ` ${Math.round(c.probability * 100)} %`))) : null;
    this.choices = el("div", { className: "num-choices" });
    const strip = el("div", { className: "strip" }, this.crop ?? el("p", { className: "crop none", textContent: say["no_crop"] }), this.cells.root);
    this.li = el("li", { className: `num${big ? " big" : ""}` }, strip,
      el("div", { className: "num-side" },
        el("p", { className: "num-title" }, position ? el("span", { className: "num-at", textContent: position }) : null, el("span", { className: "num-label", textContent: this.label }), this.state),
        el("div", { className: "num-more", id: `w-${json.name}` }, this.whys, this.choices, perhaps, readers)));
    this.li.dataset.number = json.name;
    if (this.crop) {
      this.li.style.setProperty("--ratio", this.crop.dataset.ratio); this.li.style.setProperty("--margin", this.crop.dataset.margin);
      this.crop.addEventListener("click", (e) => {
        const box = this.crop.getBoundingClientRect(), m = Number(this.crop.dataset.margin), share = ((e.clientX - box.left) / box.width - m) / (1 - 2 * m);
        this.focus(Math.max(0, Math.min(json.width - 1, Math.floor(share * json.width))));
      });
    }
  }

  get value() { return this.cells.value; }
  get open() { return this.need && !this.released && !this.seen; }
  focus(at) {
    const hinted = this.hint === null ? -1 : [...this.cells.text].findIndex((c, i) => (/\d/.test(c) ? c : "X") !== this.hint.padStart(this.json.width, "X")[i]);
    this.cells.focus(at ?? (this.cells.touched ? 0 : hinted >= 0 ? hinted : doubtfulCell(this.json)));
    this.li.scrollIntoView({ block: "nearest" });
  }

  // broken: sentences of rules that do not hold now; part: a word where it is only a part of such a sum; reasons: sentences that came with the sheet.
  paint({ broken, part, reasons, settled }) {
    const lines = [...broken.map((t) => el("li", { className: "rule", textContent: t })), part ? el("li", { className: "part", textContent: part }) : null, ...(settled ? [] : reasons.map((t) => el("li", { textContent: t })))].filter(Boolean);
    const said = JSON.stringify([broken, part, settled ? [] : reasons]);
    if (this.whys.dataset.said !== said) { this.whys.dataset.said = said; this.whys.replaceChildren(...lines); }
    const wrong = this.value === undefined && (this.cells.touched || this.seen);
    const classes = { doubtful: this.open, seen: this.seen, broken: broken.length > 0 || Boolean(part), wrong };
    for (const [c, on] of Object.entries(classes)) this.li.classList.toggle(c, Boolean(on));
    this.cells.input.setAttribute("aria-invalid", String(Boolean(wrong || broken.length || part)));
    this.state.textContent = this.cells.illegible ? this.say["state.illegible"] : this.seen ? "✓" : this.open ? "●" : "";
    this.state.title = this.seen ? this.say["state.seen"] : this.open ? this.say["state.open"] : "";
    this.state.hidden = !this.state.textContent;
    this.state.setAttribute("aria-label", this.state.title || this.state.textContent);
  }
}
