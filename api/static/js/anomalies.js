// The keyboard of the anomalies: J and K go down and up the list, N goes to the next anomaly, Ctrl+Enter saves what was typed.
const links = [...document.querySelectorAll("#anomalies a")], form = document.querySelector("#say-form");
const typing = (e) => e.target.closest("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && form && form.contains(e.target)) { e.preventDefault(); form.requestSubmit(); return; }
  if (typing(e) || e.ctrlKey || e.metaKey || e.altKey) return;
  const step = { j: 1, k: -1 }[e.key.toLowerCase()];
  if (step && links.length) {
    const at = links.indexOf(document.activeElement);
    links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step))].focus();
    e.preventDefault();
  }
  if (e.key.toLowerCase() === "n") document.querySelector("#next")?.click();
});
document.querySelector("#refused")?.scrollIntoView({ block: "center" });
