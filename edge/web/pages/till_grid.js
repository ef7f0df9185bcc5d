// The buttons of a till: its articles in this phase, and tips.
import { button, element } from "/till_sheet.js";

const byId = (id) => document.getElementById(id);

export class Grid {
  // `till`: what the page lends: words, money, sheet, basket, refunding, pressed.
  constructor(till) {
    this.till = till;
    this.told = null;
    this.drawn = "";
  }

  // What the gateway said of the buttons; without anything new, as they were.
  draw(told = this.told) {
    // Told again as it was: no button is taken from under a finger.
    const key = JSON.stringify([told, this.till.refunding]);
    this.told = told;
    if (key === this.drawn) return this.counts();
    this.drawn = key;
    byId("grid").replaceChildren(...told.articles.map((article) => this.article(article)));
    const { till } = this;
    const percents = till.refunding ? [] : told.tips_percent || [];
    const tips = (percents.length ? [0, ...percents] : []).map((percent) => this.tip(percent));
    byId("tips").replaceChildren(...(tips.length ? [element("span", "", till.words.tip), ...tips] : []));
    this.counts();
  }

  article(article) {
    const { words, money, refunding } = this.till;
    const made = button("", () => this.press(article));
    made.dataset.article = article.article;
    made.className = [article.colour, article.kind === "deposit" ? "deposit" : ""].filter(Boolean).join(" ");
    const back = article.kind === "deposit" && !refunding ? ` ${words.deposit_back}` : "";
    const price = article.price_minor === null ? words.free_price : money.plain(article.price_minor);
    made.append(element("span", "short", article.short + back), element("span", "price", price));
    made.setAttribute("aria-label", `${article.name}${back}, ${price}`);
    return made;
  }

  tip(percent) {
    const { words } = this.till;
    const made = button(`${percent} %`, () => this.till.basket.setTip(percent));
    made.setAttribute("aria-label", `${words.tip}: ${percent ? `${percent} %` : words.no_tip}`);
    made.dataset.percent = percent;
    return made;
  }

  // How much of each is in the basket, and which tip.
  counts() {
    const { basket } = this.till;
    for (const made of byId("grid").children) {
      const count = basket.count(Number(made.dataset.article));
      made.querySelector(".count")?.remove();
      if (count) made.append(element("span", "count", String(count).replace("-", "−")));
    }
    for (const made of byId("tips").querySelectorAll("button")) {
      made.setAttribute("aria-pressed", String(Number(made.dataset.percent) === (basket.tip.tip_percent || 0)));
    }
  }

  press(article) {
    const { till } = this;
    till.pressed();
    if (article.price_minor === null) {
      till.sheet.amount(article.name, till.words.price_of, { least: 1 }, (minor) => till.basket.addPriced(article.article, minor));
    } else till.basket.add(article.article, article.kind === "deposit" && !till.refunding ? -1 : 1);
  }
}
