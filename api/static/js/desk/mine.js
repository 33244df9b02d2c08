// A reviewer's own history: what was just decided can be taken back.
import { server } from "app/desk/server.js";

for (const b of document.querySelectorAll("[data-undo]")) b.addEventListener("click", async () => {
  b.disabled = true;
  try { await server.undo(b.dataset.undo); location.assign(`/periksa/${b.dataset.undo}`); } catch (e) { const error = document.querySelector("#mine-error"); error.textContent = e.message; error.hidden = false; b.disabled = false; }
});
