// Publishing: first features and verdicts, then the button.
import { call } from "app/http.js";
import { draftState, wait } from "app/draft/wait.js";

const form = document.querySelector("#publish"), box = document.querySelector("#progress"), bad = document.querySelector("#publish-error"), id = box.dataset.id, english = document.body.dataset.lang === "en";
const button = form.querySelector("button[type=submit]"), list = document.querySelector("#verdicts"), fine = document.querySelector("#verdict-fine");
const complain = (text) => { bad.textContent = text; bad.hidden = !text; };
const ask = () => call("POST", `/api/templates/drafts/${id}/prepare`);
button.disabled = true;
function finish(a) {
  if (!a.prepared) return false;
  list.replaceChildren(...a.verdicts.map((v) => { const li = document.createElement("li"); li.textContent = english ? v.en : v.id; li.className = v.fatal ? "bad" : "wait"; return li; }));
  const fatal = a.verdicts.some((v) => v.fatal);
  fine.hidden = a.verdicts.length > 0;
  button.disabled = fatal;
  if (fatal) complain(form.dataset.refused);
  return true;
}
ask().then((first) => { if (!finish(first)) wait(box, draftState(id), finish, { again: ask }); }, (error) => complain(error.message));
form.addEventListener("submit", async (e) => {
  e.preventDefault();
  complain(""); button.disabled = true;
  try { location.href = (await call("POST", `/api/templates/drafts/${id}/publish`, { reason: form.reason.value, election: form.election?.value || "" })).page; }
  catch (error) { complain(error.details.why ? `${error.message}` : error.message); button.disabled = false; }
});
