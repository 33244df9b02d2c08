// Requests to our own API: JSON, the form token, and errors as sentences in the page's language.
const token = document.querySelector("meta[name=csrf]").content;
const english = document.body.dataset.lang === "en";

export class Refused extends Error {
  constructor(error, status) { super(english ? error.message_en : error.message); this.code = error.code; this.details = error.details || {}; this.status = status; }
}

export const offline = () => new Refused({ code: "network", message: document.body.dataset.errorNetwork, message_en: document.body.dataset.errorNetwork }, 0);

export const refusal = (status, body) => (body && body.error ? new Refused(body.error, status) : offline());

export async function call(method, path, body, headers = {}) {
  let response;
  try {
    response = await fetch(path, {
      method, headers: { "X-CSRF-Token": token, Accept: "application/json", ...(body ? { "Content-Type": "application/json" } : {}), ...headers },
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch { throw offline(); }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw refusal(response.status, answer);
  return answer;
}

// A photo with progress: fetch cannot report how much has gone out.
export function send(path, form, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("X-CSRF-Token", token);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = (e) => { if (e.lengthComputable) onProgress(e.loaded / e.total); };
    request.onerror = () => reject(offline());
    request.onload = () => (request.status < 300 ? resolve(request.response) : reject(refusal(request.status, request.response)));
    request.send(form);
  });
}
