// While the machine draws up a draft.
import { call } from "app/http.js";
import { draftState, wait } from "app/draft/wait.js";

const box = document.querySelector("#progress"), id = box.dataset.id;
wait(box, draftState(id), (a) => { if (a.state === "ready") location.reload(); return a.state === "ready"; }, { again: () => call("POST", `/api/templates/drafts/${id}/again`) });
document.querySelector("#discard")?.addEventListener("click", async () => { await call("DELETE", `/api/templates/drafts/${id}`); location.href = "/templat"; });
