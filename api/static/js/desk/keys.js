// One table of keys: what is pressed, what it does, how it is called on the key sheet. Inside a cell only digits, X and - are typing, so
// letters are free for commands; in a text field or a dialog none of these keys does anything.
export const KEYS = [
  ["entry", "confirm", ["Enter"], "Enter"],
  ["entry", "all", [" ", "NumpadAdd"], "Spasi|Space / +"],
  ["entry", "illegible", ["t", "NumpadDivide"], "T"],
  ["entry", "first", ["a"], "A"],
  ["entry", "second", ["b"], "B"],
  ["entry", "down", ["ArrowDown"], "↓"],
  ["entry", "up", ["ArrowUp"], "↑"],
  ["entry", "undo", ["u", "Ctrl+z"], "U"],
  ["sheet", "paper", ["p"], "P"],
  ["sheet", "reject", ["r"], "R"],
  ["sheet", "move", ["m"], "M"],
  ["sheet", "corners", ["f"], "F"],
  ["sheet", "release", ["l"], "L"],
  ["picture", "whole", ["z"], "Z"],
  ["picture", "in", ["]", "="], "]"],
  ["picture", "out", ["["], "["],
  ["picture", "turn", ["g"], "G"],
  ["picture", "contrast", ["k"], "K"],
  ["picture", "negative", ["i"], "I"],
  ["picture", "panLeft", ["Shift+ArrowLeft"], "⇧ ←"],
  ["picture", "panRight", ["Shift+ArrowRight"], "⇧ →"],
  ["picture", "panUp", ["Shift+ArrowUp"], "⇧ ↑"],
  ["picture", "panDown", ["Shift+ArrowDown"], "⇧ ↓"],
  ["help", "keys", ["?"], "?"],
];
const BY_KEY = new Map(KEYS.flatMap(([, name, keys]) => keys.map((k) => [k, name])));
const LETTERS = "c1-letter-keys";
export const letters = {
  get on() { try { return localStorage.getItem(LETTERS) !== "off"; } catch { return true; } },
  set on(yes) { try { localStorage.setItem(LETTERS, yes ? "on" : "off"); } catch { /* private mode */ } },
};

// commands: {name: () => void}; ready: () => bool, whether the sheet is on the screen. Keys held down never repeat a command.
export function listen(commands, ready) {
  document.addEventListener("keydown", (e) => {
    const at = e.target, cell = at.classList?.contains("cells-in");
    if (document.querySelector("dialog[open]")) return;
    if (!cell && at.closest?.("input:not([type=checkbox]), textarea, select, [role=listbox]")) return;
    if (at.closest?.(".viewport") && e.key.startsWith("Arrow") && !e.shiftKey) return;
    if (!cell && (e.key === "Enter" || e.key === " ") && at.closest?.("button, a, summary, input, label")) return; // its own press
    const ctrl = e.ctrlKey || e.metaKey;
    if (e.altKey || (ctrl && e.key.toLowerCase() !== "z")) return;
    if (!cell && /^[0-9xX*-]$/.test(e.key) && !ctrl) { e.preventDefault(); if (ready()) commands.type(e.key === "*" ? "X" : e.key.toUpperCase()); return; }
    const plain = e.key.length === 1 ? e.key.toLowerCase() : e.key;
    const name = BY_KEY.get(e.code.startsWith("Numpad") ? e.code : "") ?? BY_KEY.get(ctrl ? `Ctrl+${plain}` : e.shiftKey && e.key.startsWith("Arrow") ? `Shift+${e.key}` : plain);
    if (!name || !commands[name]) return;
    if (!letters.on && /^[a-z[\]=]$/.test(plain) && !ctrl) return;
    e.preventDefault();
    if ((e.repeat && !/^(pan|in|out|up|down)/.test(name)) || !ready()) return;
    commands[name]();
  });
}

// The key sheet's rows, by group.
export function rows(say) {
  const english = document.body.dataset.lang === "en", groups = new Map();
  for (const [group, name, , shown] of KEYS) {
    if (/^pan(Right|Up|Down)$/.test(name) || name === "up") continue;
    const cap = { panLeft: "⇧ ← → ↑ ↓", down: "↑ ↓" }[name] ?? shown.replace(/^(\S+)\|(\S+)/, english ? "$2" : "$1");
    groups.set(group, [...(groups.get(group) ?? []), [cap, say[`key.${name}`]]]);
  }
  groups.get("entry").unshift(["0–9  X  −", say["key.type"]], ["← →  ⌫  Del", say["key.cells"]]);
  return groups;
}
