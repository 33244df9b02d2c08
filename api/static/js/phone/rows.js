// What the page shows of a photo that still waits on the phone.
const texts = JSON.parse(document.querySelector("#texts").textContent);
const english = document.body.dataset.lang === "en";

export const say = (key, values = {}) => Object.entries(values).reduce((s, [k, v]) => s.replace(`{${k}}`, v), texts[key]);
export const sentence = (error) => (english ? error.message_en : error.message);

export function row(item) {
  const made = document.createElement("li");
  made.className = "photo-card tone-busy";
  made.dataset.key = item.key;
  made.innerHTML = '<span class="thumb"><img width="72" height="72" alt=""></span><div class="photo-say"><p class="state"><span class="spin" aria-hidden="true" hidden></span><span data-text></span></p><p class="where" data-where></p><progress class="bar" max="1" value="0" hidden></progress><ul class="hints" hidden></ul><div class="card-acts"></div></div>';
  const picture = made.querySelector("img"), address = URL.createObjectURL(item.blob);
  picture.src = address;
  picture.onload = () => URL.revokeObjectURL(address);
  picture.onerror = () => { picture.removeAttribute("src"); };
  made.querySelector("[data-where]").textContent = `${item.label} · ${item.name}`;
  made.querySelector("progress").setAttribute("aria-label", item.name);
  return made;
}

const button = (text, style, act) => {
  const b = document.createElement("button");
  b.type = "button"; b.className = `btn btn-sm ${style}`; b.textContent = text;
  b.addEventListener("click", act);
  return b;
};

export function showHints(made, hints, retake) {
  const list = made.querySelector(".hints");
  list.replaceChildren(...hints.map((h) => { const li = document.createElement("li"), text = document.createElement("span"); text.textContent = say(`phone.hint.${h}`); li.append(text); return li; }));
  list.hidden = !hints.length;
  if (hints.length && !made.querySelector("[data-retake]")) {
    const again = button(say("phone.retake"), "btn-outline-primary", retake);
    again.dataset.retake = ""; made.querySelector(".card-acts").prepend(again);
  }
}

// share: 0 to 1 of the photo that has arrived, while it is being sent.
export function showSending(made, share) {
  made.className = "photo-card tone-busy";
  made.querySelector(".spin").hidden = false;
  const bar = made.querySelector("progress");
  bar.hidden = false; bar.value = share;
  made.querySelector("[data-text]").textContent = share < 1 ? say("upload.sending", { percent: Math.floor(share * 100) }) : say("upload.storing");
}

export function showWaiting(made, { share = 0, line }) {
  made.className = "photo-card tone-wait";
  made.querySelector(".spin").hidden = true;
  made.querySelector("progress").hidden = share === 0; made.querySelector("progress").value = share;
  made.querySelector("[data-text]").textContent = line ? say("phone.queued") : share ? say("phone.resting", { percent: Math.floor(share * 100) }) : say("phone.waits");
}

export function showRefused(made, error, { again, drop }) {
  made.className = "photo-card tone-bad";
  made.querySelector(".spin").hidden = true; made.querySelector("progress").hidden = true;
  made.querySelector("[data-text]").textContent = sentence(error);
  const acts = made.querySelector(".card-acts"), earlier = error.details && error.details.receipt && error.details.receipt.photo;
  acts.replaceChildren();
  if (earlier) { const link = document.createElement("a"); link.href = `/foto/${earlier}`; link.textContent = say("upload.earlier"); link.className = "btn btn-sm btn-outline-primary"; acts.append(link); }
  if (again) acts.append(button(say("upload.retry"), "btn-outline-primary", again));
  acts.append(button(say("phone.drop"), "btn-outline-secondary", drop));
}
