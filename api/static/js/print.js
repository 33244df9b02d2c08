for (const b of document.querySelectorAll("[data-print]")) b.addEventListener("click", () => { for (const d of document.querySelectorAll("main details")) d.open = true; print(); });
