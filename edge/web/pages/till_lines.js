// What is in the basket, line by line, as it was quoted.
import { element } from "/till_sheet.js";

const byId = (id) => document.getElementById(id);

export class Lines {
  constructor(words, money) {
    this.words = words;
    this.money = money;
    this.drawn = "";
  }

  // Only where something has changed: whoever scrolled up goes on reading.
  draw(lines) {
    const key = JSON.stringify(lines);
    if (key === this.drawn) return;
    this.drawn = key;
    byId("lines").replaceChildren(...(lines.length ? lines.map((row) => this.line(row))
      : [element("li", "none", this.words.empty)]));
    byId("lines").scrollTop = byId("lines").scrollHeight;
  }

  line(row) {
    const made = element("li", row.kind === "article" ? "" : "minor");
    const goods = row.kind === "article" || row.kind === "deposit";
    made.append(element("span", "", goods ? `${row.quantity}×`.replace("-", "−") : ""),
      element("span", "", goods ? row.name : this.words[row.kind] || row.name),
      element("span", "", this.money.plain(row.total_minor)));
    return made;
  }
}
