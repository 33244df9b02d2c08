// The desk's questions: is this really what stands there, why is the photo refused, where does it belong, what is wrong on paper; and the key sheet.
import { placePicker } from "app/place.js";
import { letters, rows } from "app/desk/keys.js";
import { cropOf, el } from "app/desk/numbers.js";

const $ = (s) => document.querySelector(s);

export function dialogs({ say, english, reject, move, current, back }) {
  const open = (dialog, first) => { dialog.showModal(); first?.focus(); };
  for (const d of document.querySelectorAll("dialog")) {
    d.addEventListener("close", back);
    for (const b of d.querySelectorAll("[data-close]")) b.addEventListener("click", () => d.close());
    d.addEventListener("click", (e) => { if (e.target === d) d.close(); });
  }

  const why = $("#reject-note"), reasons = [...document.querySelectorAll("[name=reject-reason]")];
  const needed = () => { const r = reasons.find((x) => x.checked)?.value; return !r || r === "other"; };
  $("#reject-form").addEventListener("submit", (e) => {
    e.preventDefault();
    const reason = reasons.find((r) => r.checked)?.value ?? null;
    if (needed() && !why.value.trim()) { $("#reject-need").hidden = false; return why.focus(); }
    $("#reject").close();
    reject({ reason, note: why.value.trim() });
  });
  // 1-6 choose a reason without leaving the keyboard
  $("#reject").addEventListener("keydown", (e) => { if (e.target !== why && /^[1-9]$/.test(e.key) && reasons[e.key - 1]) { e.preventDefault(); reasons[e.key - 1].checked = true; reasons[e.key - 1].focus(); } });

  const target = placePicker($("#move [data-place]"));
  $("#move-form").addEventListener("submit", (e) => {
    e.preventDefault();
    const [form, page] = ($("#move-page").value || "|").split("|"), election = $("#move-election").value, here = current();
    const body = { election: election === here.election ? null : election, tps: target.code || null, form: form || null, page: page ? Number(page) : null, note: $("#move-note").value.trim() };
    if (!body.election && !body.tps && !body.form) { $("#move-need").hidden = false; return target.focus(); }
    $("#move").close();
    move(body);
  });
  $("#move-election").addEventListener("change", (e) => { $("#move-pages").hidden = e.target.value !== current().election; if (e.target.value !== current().election) $("#move-page").value = ""; });

  const keys = $("#keys-list");
  for (const [group, list] of rows(say)) {
    const dl = el("dl");
    for (const [cap, text] of list) dl.append(el("div", {}, el("dt", {}, ...cap.split("  ").map((k) => el("kbd", { textContent: k }))), el("dd", { textContent: text })));
    keys.append(el("section", {}, el("h3", { textContent: say[`keys.${group}`] }), dl));
  }
  const toggle = $("#letters");
  toggle.checked = letters.on;
  toggle.addEventListener("change", () => { letters.on = toggle.checked; });

  return {
    keys: () => open($("#keys"), $("#keys [data-close]")),
    reject: () => { why.value = ""; $("#reject-need").hidden = true; for (const r of reasons) r.checked = false; open($("#reject"), reasons[0]); },
    move: () => {
      const here = current();
      $("#move-need").hidden = true; $("#move-note").value = ""; $("#move-election").value = here.election; $("#move-pages").hidden = false; target.clear();
      $("#move-page").replaceChildren(el("option", { value: "", textContent: say["move.same"] }), ...(here.pages || []).filter((p) => p.form !== here.form || p.page !== here.page).map((p) => el("option", { value: `${p.form}|${p.page}`, textContent: (english ? p.title_en : p.title) || `${p.form} ${p.page}` })));
      open($("#move")); target.focus();
    },
    // Faults of the paper that no sum shows.
    paper: (faults, done) => {
      const boxes = [...document.querySelectorAll("[name=paper-fault]")];
      for (const b of boxes) { b.checked = faults.has(b.value); b.onchange = () => { b.checked ? faults.add(b.value) : faults.delete(b.value); done(); }; }
      open($("#paper-dialog"), boxes[0]);
    },
    // The soft stop: the crop once more. Resolves to true only on a deliberate yes; Enter and Escape look again.
    confirm: (sheet, details) => new Promise((resolve) => {
      const d = $("#confirm"), list = $("#confirm-list");
      list.replaceChildren(...details.numbers.map((n) => {
        const number = sheet.numbers.find((m) => m.name === n.name);
        return el("li", {}, el("p", { className: "num-label", textContent: english ? n.label_en : n.label }), number ? cropOf(sheet, number, english ? n.label_en : n.label) : null,
          el("p", {}, el("b", { className: "typed", textContent: n.typed ?? "?" }), ` ${english ? n.text_en : n.text}`));
      }));
      let answer = false;
      const yes = $("#confirm-yes"), sure = (e) => { if (e.key.toLowerCase() === "y" && !e.repeat) { answer = true; d.close(); } };
      yes.onclick = () => { answer = true; d.close(); };
      d.addEventListener("keydown", sure);
      d.addEventListener("close", () => { d.removeEventListener("keydown", sure); resolve(answer); }, { once: true });
      open(d, $("#confirm-again"));
    }),
  };
}
