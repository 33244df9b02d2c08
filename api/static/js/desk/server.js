// What the desk asks of the server, and the sheet that comes next, fetched before it is needed.
import { call } from "app/http.js";

// One name per browser tab: a lease belongs to a person at one desk, so two tabs never work on the same sheet.
function deskName() {
  const key = "c1-desk";
  try {
    const known = sessionStorage.getItem(key);
    if (known) return known;
    const made = [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem(key, made);
    return made;
  } catch { return "no-storage-desk"; }
}
const headers = { "X-Desk": deskName() };
const ask = (method, path, body) => call(method, `/api/sheets${path}`, body, headers);

export const server = {
  next: (filter) => ask("POST", "/next", filter),
  ahead: (filter) => ask("POST", "/ahead", filter),
  lease: (id) => ask("POST", `/${id}/lease`),
  takeover: (id, note) => ask("POST", `/${id}/takeover`, { note }),
  release: (id) => ask("DELETE", `/${id}/lease`),
  heartbeat: (id) => ask("POST", `/${id}/heartbeat`),
  page: (id, form, page) => ask("GET", `/${id}?form=${encodeURIComponent(form)}&page=${page}`),
  decide: (id, body) => ask("POST", `/${id}/decision`, body),
  undo: (id) => ask("POST", `/${id}/undo`),
  align: (id, body) => ask("POST", `/${id}/alignment`, body),
  aligned: (id, ticket) => ask("GET", `/${id}/alignment/${ticket}`),
  photo: (id) => `/api/sheets/${id}/photo.jpg`,
};

// A picture that is loaded and decoded, so that it shows at once. Resolves to the img element, also where loading failed.
export async function picture(url) {
  const img = new Image();
  img.decoding = "async"; img.src = url;
  try { await img.decode(); } catch { /* shown as missing; the numbers can still be rejected */ }
  return img;
}

// The pictures of a sheet: {page, crops}; both are img elements.
export const pictures = async (sheet) => {
  const [page, crops] = await Promise.all([picture(sheet.picture), sheet.crop_sheet ? picture(sheet.crop_sheet.url) : null]);
  return { page, crops };
};

// Looks one sheet ahead. What it fetched is used only if the server then gives that very sheet, in the same state.
export class Ahead {
  constructor(filter) { this.filter = filter; this.stamp = null; this.loaded = null; this.turn = 0; }
  async look() {
    const turn = ++this.turn;
    this.stamp = this.loaded = null;
    try {
      const { sheet } = await server.ahead(this.filter);
      if (!sheet || turn !== this.turn) return;
      this.stamp = `${sheet.id}/${sheet.stamp}`;
      this.loaded = pictures(sheet);
      await this.loaded;
      document.body.dataset.ahead = sheet.id;
    } catch { /* the next sheet is fetched when it comes */ }
  }
  take(sheet) {
    const ready = this.stamp === `${sheet.id}/${sheet.stamp}` ? this.loaded : null;
    this.turn += 1; this.stamp = this.loaded = null; delete document.body.dataset.ahead;
    return ready ?? pictures(sheet);
  }
}
