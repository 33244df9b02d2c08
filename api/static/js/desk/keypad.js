// Digits for fingers: on a touch screen the cells have a keypad of their own instead of the system's keyboard, which would cover the picture.
import { el } from "app/desk/numbers.js";

export function keypad(root, on) {
  const button = (text, name, run, className = "") => {
    const b = el("button", { type: "button", textContent: text, className });
    b.setAttribute("aria-label", name);
    b.addEventListener("pointerdown", (e) => e.preventDefault()); // the cell keeps the focus
    b.addEventListener("click", run);
    return b;
  };
  const say = root.dataset;
  for (const d of "1234567890") root.append(button(d, d, () => on.type(d)));
  root.append(
    button("X", say.cross, () => on.type("X"), "faint"), button("⌫", say.back, on.back, "faint"),
    button("?", say.illegible, on.illegible, "faint"), button("✓", say.confirm, on.confirm, "yes"));
  root.hidden = !matchMedia("(pointer: coarse)").matches;
}
