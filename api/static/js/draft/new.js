// A new draft: files and a few words about the form go out together.
import { send } from "app/http.js";

const form = document.querySelector("#new"), bad = document.querySelector("#new-error"), bar = document.querySelector("#new-bar"), files = form.files, button = form.querySelector("button[type=submit]");
const title = form.title_text, id = form.form;
let own = false;
id.addEventListener("input", () => { own = id.value !== ""; id.value = id.value.toLowerCase().replace(/[^a-z0-9-]+/g, "-"); });
title.addEventListener("input", () => { if (!own) id.value = title.value.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60); });
if (title.value && !id.value) title.dispatchEvent(new Event("input")); // typed before this script was there
files.addEventListener("change", () => { document.querySelector("#chosen").replaceChildren(...[...files.files].map((f) => { const li = document.createElement("li"); li.textContent = f.name; return li; })); });
form.addEventListener("submit", async (e) => {
  e.preventDefault();
  bad.hidden = true; bar.hidden = false; button.disabled = true;
  const data = new FormData();
  for (const f of files.files) data.append("files", f, f.name);
  data.set("form", id.value.replace(/^-+|-+$/g, "")); data.set("title", title.value); data.set("election", form.election.value); data.set("first", form.first.value); data.set("paper", form.paper.value);
  try { location.href = (await send("/api/templates/drafts", data, (share) => { bar.value = share; })).page; }
  catch (error) { bad.textContent = error.message; bad.hidden = false; bad.scrollIntoView({ block: "nearest" }); bar.hidden = true; button.disabled = false; }
});
