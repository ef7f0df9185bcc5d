// The one answer that fills the screen: hold the band, keep it still, paid, not paid, again.
import { shape, signal } from "/signals.js";

const byId = (id) => document.getElementById(id);
const LOOKS = {
  waiting_band: "idle", working: "idle", waiting_card: "idle", asking: "attention", tap_again: "attention",
  paid: "yes", done: "yes", not_paid: "no", not_done: "no", in_doubt: "doubt", cancelled: "attention",
};
const SAID = { waiting_band: "hold_band", working: "keep_band", waiting_card: "at_card" };
const MORE = { tap_again: "tap_again_more", in_doubt: "in_doubt_more", cancelled: "cancelled_more" };

export class Shown {
  constructor(words, money) {
    this.words = words;
    this.money = money;
    this.state = "";
    this.next = null; // what goes on with the next guest, where the last one is done
    this.since = 0; // when what stands there came up
    this.spoken = {}; // by reason: what the gateway says in this language
    this.acts = [];
  }

  // The gateway's words for a work, in the cashier's language where it gave them.
  words_of(work) {
    const said = this.spoken[work.reason] || { detail: work.detail, hint: work.hint };
    const amount = work.limit_minor === null || work.limit_minor === undefined ? "…" : this.money.text(work.limit_minor);
    return { detail: (said.detail || "").replace("{amount}", amount), hint: (said.hint || "").replace("{amount}", amount) };
  }

  get open() {
    return !byId("work").hidden;
  }

  // `acts`: [label, what happens], the first is what Enter does.
  work(work, acts) {
    const look = work.already ? "yes" : LOOKS[work.state] || "attention";
    // Whose cups came back has not paid.
    const end = work.state === "paid" && work.amount_minor < 0 ? "done" : work.state;
    const said = work.already ? "already" : SAID[end] || end;
    const told = this.words_of(work);
    const asked = work.state === "asking" && this.words[work.question];
    this.fill(look, work, {
      said: asked ? this.words.asking : this.words[said] || work.state,
      amount: this.amount(work),
      balance: this.balance(work),
      detail: asked ? `${asked}${work.age ? ` (${work.age}+)` : ""}`
        : work.already ? this.words.already_more : told.detail || this.words[MORE[work.state]] || "",
      hint: told.hint,
      list: this.account(work.account),
    }, acts);
  }

  amount(work) {
    if (work.kind === "balance" || work.amount_minor === null || work.amount_minor === undefined) return "";
    return work.amount_minor === 0 && work.kind !== "sale" ? "" : this.money.text(work.amount_minor);
  }

  balance(work) {
    if (work.left_minor > 0 && work.state === "paid") return `${this.words.left}: ${this.money.text(work.left_minor)}`;
    if (work.balance_minor === null || work.balance_minor === undefined) return "";
    const word = work.state === "paid" || work.state === "done" ? "new_balance" : "balance";
    return `${this.words[work.kind === "balance" ? "balance" : word]}: ${this.money.text(work.balance_minor)}`;
  }

  account(account) {
    if (!account) return [];
    const rows = [];
    if (account.promo_minor) rows.push([this.words.promo, this.money.text(account.promo_minor)]);
    if (account.vouchers) rows.push([this.words.vouchers, String(account.vouchers)]);
    if (account.class_name) rows.push([this.words.wallet_class, account.class_name]);
    for (const row of account.last || []) {
      const at = new Date(row.at_ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      rows.push([`${at} · ${this.words[row.movement] || row.movement}`, this.money.text(row.amount_minor)]);
    }
    return rows;
  }

  // A problem, or what only this page knows: `look` as in LOOKS.
  say(look, said, detail, hint, acts) {
    this.fill(look, { state: said }, { said, amount: "", balance: "", detail, hint, list: [] }, acts);
  }

  fill(look, work, parts, acts) {
    const key = [work.state, work.id, work.part, work.already, parts.detail].join("|");
    this.next = null;
    byId("work").className = look;
    byId("work").dataset.state = work.state;
    this.offer(acts, key === this.state);
    for (const name of ["said", "amount", "balance", "detail", "hint"]) say(byId("work-" + name), parts[name]);
    byId("work-list").replaceChildren(...parts.list.map(([left, right]) => {
      const row = document.createElement("li");
      row.append(span(left), span(right));
      return row;
    }));
    byId("work").hidden = false;
    if (key === this.state) return;
    this.state = key;
    this.since = performance.now();
    byId("work-shape").replaceChildren(shape(look === "doubt" ? "attention" : look));
    byId("work").focus();
    if (look !== "idle") signal(look === "doubt" ? "attention" : look);
  }

  // The same is told again and again: its buttons stay, under finger and focus.
  offer(acts, same) {
    this.acts = acts;
    const there = [...byId("work-acts").children].map((made) => made.textContent);
    if (same && acts.length === there.length && acts.every(([label], at) => label === there[at])) return;
    byId("work-acts").replaceChildren(...acts.map(([label], at) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = label;
      made.className = at === 0 ? "first" : "";
      // The second half of a double click was meant for what stood here before.
      made.addEventListener("click", (event) => { if (event.detail < 2) this.acts[at][1](); });
      return made;
    }));
  }

  close() {
    byId("work").hidden = true;
    this.state = "";
  }
}

// What the band that was refused has, where the guest may pay a part with it. It is told as the
// limit: some of what is on a band may be held back.
export function leftOn(told) {
  if (told.kind !== "sale" || told.method !== "band" || told.state !== "not_paid") return 0;
  const left = told.reason === "balance" ? told.limit_minor
    : told.reason === "exposure" ? Math.min(told.limit_minor, told.balance_minor) : 0;
  return left > 0 && left < told.total_minor ? left : 0;
}

// Whoever reads the screen aloud says what has changed, and says it once.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function span(text) {
  const made = document.createElement("span");
  made.textContent = text;
  return made;
}
