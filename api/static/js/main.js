// What every page needs: htmx with the form token, the language of errors, small conveniences.
import htmx from "htmx";

const token = document.querySelector("meta[name=csrf]").content;
window.htmx = htmx;

document.addEventListener("htmx:configRequest", (e) => { e.detail.headers["X-CSRF-Token"] = token; });
document.addEventListener("htmx:responseError", (e) => { if (e.detail.xhr.status === 401) location.reload(); });

for (const select of document.querySelectorAll("select[data-autosubmit]")) select.addEventListener("change", () => select.form.submit());

// One open menu at a time; Escape or a click elsewhere closes it.
const account = document.querySelector("details.account");
if (account) {
  document.addEventListener("click", (e) => { if (!account.contains(e.target)) account.open = false; });
  account.addEventListener("keydown", (e) => { if (e.key === "Escape") { account.open = false; account.querySelector("summary").focus(); } });
}
