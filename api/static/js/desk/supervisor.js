// The supervisor's switches: lift or set the stop, change the policy, take a sheet over from somebody who left.
import { call } from "app/http.js";

const error = document.querySelector("#sup-error"), done = document.querySelector("#sup-done");
const attempt = async (what) => { error.hidden = done.hidden = true; try { await what(); } catch (e) { error.textContent = e.message; error.hidden = false; error.scrollIntoView({ block: "center" }); } };

for (const form of document.querySelectorAll("[data-accepting]")) form.addEventListener("submit", (e) => {
  e.preventDefault();
  attempt(async () => { await call("POST", `/api/desk/accepting/${form.dataset.accepting}`, { on: form.dataset.on === "true", note: form.querySelector("input").value.trim() }); location.reload(); });
});
for (const form of document.querySelectorAll("[data-policy]")) form.addEventListener("submit", (e) => {
  e.preventDefault();
  const body = { entry: form.elements.entry.value };
  for (const field of form.querySelectorAll("input")) body[field.name] = "percent" in field.dataset ? Math.round(Number(field.value) * 1000) / 100_000 : Number(field.value);
  attempt(async () => { await call("PUT", `/api/desk/policy/${form.dataset.policy}`, body); done.hidden = false; done.scrollIntoView({ block: "center" }); });
});
document.addEventListener("click", (e) => {
  const b = e.target.closest?.("[data-take]");
  if (!b) return;
  const note = prompt(b.dataset.ask);
  if (note) attempt(async () => { await call("POST", `/api/sheets/${b.dataset.take}/takeover`, { note }); location.assign(`/periksa/${b.dataset.take}`); });
});
