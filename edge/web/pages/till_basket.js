// What the guest wants, and what the gateway says it costs. The page adds nothing up itself: what
// is shown is what was quoted, and what was quoted is what will be booked.
import { SignedOut, ask } from "/till_ask.js";

const QUANTITY_MAX = 99;

export class Basket {
  // `changed` is called whenever something is to be drawn anew.
  constructor(path, changed, signedOut) {
    this.path = path;
    this.changed = changed;
    this.signedOut = signedOut;
    this.turn = 0;
    this.clear();
  }

  clear() {
    this.items = [];
    this.tip = {};
    this.age = 0;
    this.quote = null;
    this.problem = null;
    this.fresh = true;
    this.turn += 1;
    this.changed();
  }

  get empty() {
    return this.items.length === 0;
  }

  // Something comes back: then the whole is paid at once.
  get gives() {
    return this.quote !== null && this.quote.given_minor > 0;
  }

  // How many of `article` there are, negative for what comes back.
  count(article) {
    return this.items.filter((item) => item.article === article)
      .reduce((sum, item) => sum + (item.quantity ?? 1), 0);
  }

  add(article, quantity) {
    const known = this.items.find((item) => item.article === article && "quantity" in item);
    if (!known) this.items.push({ article, quantity });
    else known.quantity = Math.max(-QUANTITY_MAX, Math.min(QUANTITY_MAX, known.quantity + quantity));
    this.items = this.items.filter((item) => item.quantity !== 0);
    return this.ask();
  }

  addPriced(article, price_minor) {
    this.items.push({ article, price_minor });
    return this.ask();
  }

  undo() {
    const last = this.items.at(-1);
    if (!last) return null;
    if (last.quantity > 1) last.quantity -= 1;
    else if (last.quantity < -1) last.quantity += 1;
    else this.items.pop();
    return this.ask();
  }

  setTip(percent) {
    this.tip = percent ? { tip_percent: percent } : {};
    return this.ask();
  }

  confirmAge(age) {
    this.age = age;
    return this.ask();
  }

  get asked() {
    return { items: this.items, ...this.tip, ...(this.age ? { confirmed_age: this.age } : {}) };
  }

  // Has the gateway price it. Only the newest question's answer counts. `insteadOf`: a basket of
  // before its restart, whose price is kept.
  async ask(insteadOf = null) {
    const turn = ++this.turn;
    this.fresh = false;
    this.problem = null;
    if (this.empty) return this.clear();
    this.changed();
    try {
      const { ok, told } = await ask(`${this.path}/quotes`, insteadOf ? { ...this.asked, instead_of: insteadOf } : this.asked);
      if (turn !== this.turn) return undefined;
      this.quote = ok && !told.refused ? told : null;
      this.problem = this.quote ? null : told;
      this.fresh = true;
    } catch (error) {
      if (error instanceof SignedOut) return this.signedOut();
      if (turn !== this.turn) return undefined;
      console.warn(String(error));
      this.quote = null;
      setTimeout(() => { if (turn === this.turn) this.ask(); }, 1000);
    }
    return this.changed();
  }

  // What a payment says, beside how it is paid.
  get payment() {
    return { basket: this.quote.basket, ...this.asked, total_minor: this.quote.total_minor };
  }
}
