// The line that says from when the figures are, and the part of the page below it that follows the count.
import { follow, replaceParts } from "app/follow.js";

const clock = () => new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "Asia/Jakarta" }).format(new Date());

for (const line of document.querySelectorAll("[data-live]")) {
  const say = line.dataset, into = document.getElementById(say.liveInto);
  const text = line.querySelector(".live-text"), checked = line.querySelector(".live-checked"), status = line.querySelector("[role=status]"), button = line.querySelector(".live-pause");
  const asOf = () => into.querySelector("[data-as-of]")?.dataset.asOf ?? "";
  const show = (state) => { line.dataset.state = state; };
  const source = follow(say.live, Number(say.seconds), say.etag, {
    fresh(html) {
      if (html !== null) replaceParts(into, html);
      text.textContent = say.at.replace("{at}", asOf());
      checked.textContent = say.checked.replace("{at}", clock());
      show("on");
    },
    gone() {
      text.textContent = say.gone.replace("{at}", asOf());
      checked.textContent = "";
      if (line.dataset.state !== "gone") status.textContent = text.textContent;
      show("gone");
    },
    back() { status.textContent = say.back; },
  });
  button.hidden = false;
  button.addEventListener("click", () => {
    const paused = line.dataset.state === "paused";
    button.textContent = paused ? say.pause : say.resume;
    if (paused) { show("on"); source.start(); } else { source.stop(); text.textContent = say.paused; checked.textContent = ""; show("paused"); }
  });
}
