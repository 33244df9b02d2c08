// A number whose boxes were not found has no cut-out picture: then there is none, instead of a broken one.
const gone = (img) => { img.hidden = true; };
document.addEventListener("error", (e) => { if (e.target instanceof HTMLImageElement && e.target.matches(".crop-small, .crop-large")) gone(e.target); }, true);
for (const img of document.querySelectorAll(".crop-small, .crop-large")) if (img.complete && img.naturalWidth === 0 && img.loading !== "lazy") gone(img);
