// A published form: its next version, its elections, its probation.
import { call } from "app/http.js";

const root = document.querySelector("#form"), id = root.dataset.form, bad = document.querySelector("#form-error");
const complain = (e) => { bad.textContent = e.message; bad.hidden = false; bad.scrollIntoView({ block: "nearest" }); };
document.querySelector("#next-version")?.addEventListener("click", () => call("POST", `/api/templates/forms/${id}/drafts`).then((a) => { location.href = a.page; }, complain));
document.querySelector("#join")?.addEventListener("submit", (e) => { e.preventDefault(); call("POST", `/api/templates/forms/${id}/elections`, { election: e.target.election.value }).then(() => location.reload(), complain); });
for (const form of document.querySelectorAll("form[data-trust]")) form.addEventListener("submit", (e) => {
  e.preventDefault();
  call("POST", `/api/templates/forms/${id}/trust`, { version: Number(form.dataset.version), proven: form.dataset.trust === "1", reason: form.reason.value }).then(() => location.reload(), complain);
});
