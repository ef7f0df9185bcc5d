// What is done at a handheld beside scanning: a sheet over the page that asks for a reason, for an
// answer, or looks a guest up. While it is open no scan is taken, and no scanner can press it.
import { signal } from "/signals.js";

const ANSWER_MS = 10000;
const PAUSE_MS = 250;
const LETTERS_MIN = 3;
const TYPED_MS = 200;

export const OVERRIDE_WHYS = ["identity_checked", "was_outside", "sold_here", "turned_away_wrongly",
  "accompanied", "late_or_early", "emergency", "other"];
export const ANNUL_WHYS = ["did_not_turn", "went_back", "wrong_ticket", "wrong_count", "other"];

const byId = (id) => document.getElementById(id);

export class Desk {
  constructor(words, language, closed, signedOut) {
    this.words = words;
    this.language = language;
    this.closed = closed;
    this.signedOut = signedOut;
    this.asked = 0;
    this.typedAt = -TYPED_MS;
    this.dropped = null;
    byId("desk-close").addEventListener("click", () => this.drop());
    byId("desk-name").addEventListener("input", () => this.look());
    byId("desk").addEventListener("keydown", (event) => this.guard(event));
  }

  get open() {
    return !byId("desk").hidden;
  }

  // Whether an answer is waited for, without which a guest stands there for nothing.
  get asks() {
    return this.open && this.dropped !== null;
  }

  // A scanner types a code and Enter, wherever the focus is: that Enter is no decision.
  guard(event) {
    if (event.key === "Escape") return this.drop();
    if (event.key === "Enter" && event.timeStamp - this.typedAt < TYPED_MS) {
      event.preventDefault();
      if (this.asks) this.answerFirst();
    }
    if (event.key.length === 1) this.typedAt = event.timeStamp;
    if (event.key === " " && event.target.matches("button")) event.preventDefault();
  }

  answerFirst() {
    byId("desk-first").hidden = false;
    signal("attention");
  }

  // `dropped` is called if the sheet is closed without an answer; null: nothing is waited for.
  show(title, what, rows, look = "", dropped = null) {
    this.dropped = dropped;
    byId("desk").className = look;
    byId("desk-first").hidden = true;
    byId("desk-more").hidden = true;
    byId("desk-title").textContent = title;
    byId("desk-what").textContent = what;
    byId("desk-name").hidden = true;
    byId("desk-time").hidden = true;
    byId("desk-list").replaceChildren(...rows);
    byId("desk").hidden = false;
    byId("desk").focus();
  }

  // `chosen` is called with one of `whys`; with none there is nothing to do but to read.
  reasons(title, what, whys, chosen) {
    this.show(title, what, whys.map((why) => {
      const made = button(this.words[why], () => { this.close(); chosen(why); });
      made.dataset.why = why;
      return row([made]);
    }));
  }

  // The time at which something is tried: `chosen` is called with it, or with "" for now.
  time(before, chosen) {
    const choose = (value) => { this.close(); chosen(value); };
    this.show(this.words.when, this.words.when_more, [
      row([button(this.words.take, () => choose(byId("desk-time").value))]),
      row([button(this.words.now, () => choose(""))]),
    ]);
    byId("desk-time").value = before;
    byId("desk-time").hidden = false;
  }

  // `admit` is called with the ticket of whoever is chosen; null: looking is all that is possible.
  search(label, admit) {
    this.label = label;
    this.admit = admit;
    this.show(this.words.search, "", []);
    byId("desk-name").value = "";
    byId("desk-name").hidden = false;
    byId("desk-name").focus();
  }

  look() {
    const turn = ++this.asked;
    byId("desk-list").replaceChildren();
    byId("desk-what").textContent = "";
    setTimeout(() => { if (turn === this.asked && this.open) this.find(turn); }, PAUSE_MS);
  }

  async find(turn) {
    const typed = byId("desk-name").value;
    if ((typed.match(/[\p{L}\p{N}]/gu) || []).length < LETTERS_MIN) return;
    let what = this.words.no_answer;
    let rows = [];
    try {
      const answer = await fetch("/v1/guests?name=" + encodeURIComponent(typed),
        { signal: AbortSignal.timeout(ANSWER_MS), cache: "no-store" });
      if (answer.status === 401) return this.signedOut();
      const told = await answer.json();
      what = answer.ok ? this.about(told) : told.detail;
      rows = (told.guests || []).map((guest) => row(this.hit(guest)));
    } catch (error) {
      console.warn(String(error));
    }
    if (turn !== this.asked || !this.open) return;
    byId("desk-what").textContent = what;
    byId("desk-list").replaceChildren(...rows);
  }

  hit(guest) {
    const more = [guest.product, guest.note, guest.ticket || this.words.no_ticket];
    const parts = [line("name", guest.name), line("more", more.filter(Boolean).join(" · "))];
    if (!this.admit || !guest.ticket) return parts;
    const chosen = button(this.label, () => { this.close(); this.admit(guest.ticket); });
    chosen.setAttribute("aria-label", `${this.label}${this.words.colon} ${guest.name}`);
    return [...parts, chosen];
  }

  about(told) {
    if (told.listed === 0) return this.words.no_list;
    const made = new Date(told.issued_at_ms).toLocaleString(this.language,
      { dateStyle: "medium", timeStyle: "short" });
    return [told.guests.length === 0 ? this.words.nobody : "", told.more ? this.words.more_hits : "",
      `${this.words.list_of} ${made}`].filter(Boolean).join(" · ");
  }

  drop() {
    const { dropped } = this;
    this.close();
    if (dropped) dropped();
  }

  close() {
    this.asked += 1;
    this.dropped = null;
    byId("desk").hidden = true;
    byId("desk-list").replaceChildren();
    this.closed();
  }
}

export function button(label, pressed) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", pressed);
  return made;
}

export function row(parts) {
  const made = document.createElement("li");
  made.append(...parts);
  return made;
}

export function line(name, text) {
  const made = document.createElement("span");
  made.className = name;
  made.textContent = text;
  return made;
}
