// A TPS search field for each photo; what the sender stated or the form prints is chosen already.
import { placePicker } from "app/place.js";

for (const root of document.querySelectorAll("[data-place]")) {
  placePicker(root);
  const known = root.closest("[data-known]");
  if (!known?.dataset.known) continue;
  root.querySelector("[data-value]").value = known.dataset.known;
  root.querySelector("[data-label]").textContent = known.dataset.knownLabel;
  root.querySelector("[data-chosen]").hidden = false;
  root.querySelector("[data-search]").hidden = true;
}
