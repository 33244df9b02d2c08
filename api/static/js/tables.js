// Tables that sort by their heads and filter by what is typed. A table works without it; the server's order is the first one.
//   <table data-sortable id=... [data-filter=label data-hint data-shown data-sorted]> <th data-sort="text|number"> <td data-value>
const remembered = new Map(); // table id -> {column, down, filter}: stays when the page brings itself up to date

const english = document.documentElement.lang === "en";
const collator = new Intl.Collator(english ? "en" : "id", { numeric: true, sensitivity: "base" });
const cell = (row, i) => { const c = row.cells[i]; return c === undefined ? "" : (c.dataset.value ?? c.textContent.trim()); };

function compare(kind) {
  if (kind === "number") return (a, b) => (Number(a) || 0) - (Number(b) || 0);
  return (a, b) => collator.compare(a, b);
}

function sort(table, state) {
  const heads = [...table.tHead.rows[0].cells], head = heads[state.column];
  if (!head) return;
  const by = compare(head.dataset.sort), sign = state.down ? -1 : 1, body = table.tBodies[0];
  body.append(...[...body.rows].map((row, at) => [row, cell(row, state.column), at]).sort((a, b) => sign * by(a[1], b[1]) || a[2] - b[2]).map(([row]) => row));
  for (const [i, h] of heads.entries()) {
    if (i === state.column) h.setAttribute("aria-sort", state.down ? "descending" : "ascending"); else h.removeAttribute("aria-sort");
  }
}

function filter(table, text, said) {
  const wanted = text.trim().toLowerCase(), rows = [...table.tBodies[0].rows];
  let shown = 0;
  for (const row of rows) {
    row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    shown += !row.hidden;
  }
  if (said) said.textContent = wanted === "" ? "" : table.dataset.shown.replace("{n}", shown).replace("{of}", rows.length);
}

function enhance(table) {
  const state = remembered.get(table.id) ?? {};
  remembered.set(table.id, state);
  for (const [i, head] of [...table.tHead.rows[0].cells].entries()) {
    if (!head.dataset.sort) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      state.down = state.column === i ? !state.down : head.dataset.sort === "number";
      state.column = i;
      sort(table, state);
      const said = document.getElementById(`${table.id}-said`);
      if (said) said.textContent = table.dataset.sorted.replace("{column}", button.textContent.trim());
    });
  }
  if (table.dataset.filter && table.tBodies[0].rows.length > 7) {
    const box = document.createElement("div");
    box.className = "table-filter no-print";
    const label = document.createElement("label");
    label.htmlFor = `${table.id}-filter`;
    label.textContent = table.dataset.filter;
    const input = Object.assign(document.createElement("input"), { type: "search", id: label.htmlFor, className: "form-control form-control-sm", placeholder: table.dataset.hint, value: state.filter ?? "", autocomplete: "off" });
    const said = Object.assign(document.createElement("span"), { id: `${table.id}-said`, className: "small-text" });
    said.setAttribute("role", "status");
    box.append(label, input, said);
    (table.closest(".table-wrap") ?? table).before(box);
    input.addEventListener("input", () => { state.filter = input.value; filter(table, input.value, said); });
    if (state.filter) filter(table, state.filter, said);
  }
  if (state.column !== undefined) sort(table, state);
}

export function refreshTables(root) { for (const table of root.querySelectorAll("table[data-sortable]")) enhance(table); }
refreshTables(document);
