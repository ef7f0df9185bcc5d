// An answer in one look over the whole page, and the last ones in a list.
import { shape } from "/signals.js";

const YES_MS = 3000;
const LAST_MAX = 12;
const MARKS = { yes: "✔", no: "✖", attention: "⚠" };

const byId = (id) => document.getElementById(id);

export function put(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = text === "";
}

export class Result {
  constructor(language, closed) {
    this.language = language;
    this.closed = closed;
    this.closing = null;
    byId("result").addEventListener("click", () => this.close());
  }

  // `parts.force` and `parts.take`: whether the buttons are offered.
  show(look, verdict, parts) {
    clearTimeout(this.closing);
    byId("result").className = parts.simulated ? look + " trial" : look;
    byId("result-trial").hidden = !parts.simulated;
    byId("force").hidden = !parts.force;
    byId("take").hidden = !parts.take;
    byId("result-shape").replaceChildren(shape(look));
    put("verdict", verdict);
    for (const id of ["granted", "guest", "text", "product", "hints"]) put(id, parts[id] || "");
    byId("result").hidden = false;
    if (look === "yes" && !parts.hints) this.closing = setTimeout(() => this.close(), YES_MS);
  }

  close() {
    clearTimeout(this.closing);
    byId("result").hidden = true;
    this.closed();
  }

  remember(look, verdict, more) {
    const row = document.createElement("li");
    row.className = look;
    const parts = { mark: MARKS[look], what: [verdict, more].filter(Boolean).join(" · "),
      at: new Date().toLocaleTimeString(this.language, { hour12: false }) };
    for (const [name, text] of Object.entries(parts)) {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      row.append(part);
    }
    const list = byId("last");
    list.querySelector(".none")?.remove();
    list.prepend(row);
    while (list.childElementCount > LAST_MAX) list.lastElementChild.remove();
  }
}
