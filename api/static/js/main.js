// What every page needs: htmx with the form token, the language of errors, small conveniences.
import htmx from "htmx";

const token = document.querySelector("meta[name=csrf]").content;
window.htmx = htmx;

document.addEventListener("htmx:configRequest", (e) => { e.detail.headers["X-CSRF-Token"] = token; });
document.addEventListener("htmx:responseError", (e) => { if (e.detail.xhr.status === 401) location.reload(); });

for (const select of document.querySelectorAll("select[data-autosubmit]")) select.addEventListener("change", () => select.form.submit());

// One open menu at a time; Escape or a click elsewhere closes it.
for (const menu of document.querySelectorAll("details.account, details.more")) {
  document.addEventListener("click", (e) => { if (!menu.contains(e.target)) menu.open = false; });
  menu.addEventListener("keydown", (e) => { if (e.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); } });
}
