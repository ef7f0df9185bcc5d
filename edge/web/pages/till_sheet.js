// A sheet over the till: a keypad for amounts, a list to choose from, a text to type.
const byId = (id) => document.getElementById(id);
const DIGITS_MAX = 9;

export class Sheet {
  constructor(words, money) {
    this.words = words;
    this.money = money;
    this.key = null;
    this.turn = 0; // which sheet it is: an answer may come when another one is open
    byId("sheet-close").addEventListener("click", () => this.close());
    byId("sheet").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
      else if (this.key && this.key(event)) event.preventDefault();
    });
  }

  get open() {
    return !byId("sheet").hidden;
  }

  // A sheet that waits for an answer of the gateway. Returns whether it is still the one.
  wait(title) {
    this.show(title, "…", []);
    const turn = this.turn;
    return () => turn === this.turn && this.open;
  }

  show(title, what, parts) {
    this.turn += 1;
    this.key = null;
    byId("sheet-title").textContent = title;
    byId("sheet-what").textContent = what;
    byId("sheet-amount").hidden = true;
    byId("sheet-text").hidden = true;
    byId("sheet-body").replaceChildren(...parts);
    byId("sheet").hidden = false;
    byId("sheet").focus();
  }

  close() {
    byId("sheet").hidden = true;
    byId("sheet-body").replaceChildren();
  }

  // `rows`: [label, what happens]; the first is what is wanted most.
  choose(title, what, rows) {
    this.show(title, what, rows.map(([label, act], at) =>
      button(label, () => { this.close(); act(); }, at === 0 && rows.length > 1 ? "first" : "")));
  }

  // `given` is called with an amount in minor units. `presets` in minor units; `extra`: [label, act].
  amount(title, what, { presets = [], extra = [], least = 0, negative = false }, given) {
    let digits = "";
    let sign = 1;
    const value = () => sign * Number(digits || "0");
    const show = () => { byId("sheet-amount").textContent = this.money.text(value()); };
    const push = (digit) => {
      if (digits.length < DIGITS_MAX) digits = (digits + digit).replace(/^0+/, "");
      show();
    };
    const back = () => { digits = digits.slice(0, -1); show(); };
    const done = () => {
      if (Math.abs(value()) < least) return;
      this.close();
      given(value());
    };
    const keys = element("div", "keys");
    for (const label of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "0", "⌫"]) {
      const made = button(label, () => {
        if (label === "⌫") back();
        else for (const digit of label) push(digit);
      });
      if (label === "⌫") made.setAttribute("aria-label", this.words.undo);
      keys.append(made);
    }
    const quick = element("div", "row");
    for (const preset of presets) {
      quick.append(button(this.money.plain(preset), () => { digits = String(preset); show(); }));
    }
    if (negative) quick.append(button("±", () => { sign = -sign; show(); }));
    const more = extra.map(([label, act]) => button(label, () => { this.close(); act(); }));
    // That nothing is no amount goes without saying.
    this.show(title, least > 1 ? `${what} ${this.words.least} ${this.money.text(least)}`.trim() : what,
      [quick, keys, button(this.words.ok, done, "first"), ...more]);
    byId("sheet-amount").hidden = false;
    show();
    this.key = (event) => {
      if (/^[0-9]$/.test(event.key)) push(event.key);
      else if (event.key === "Backspace") back();
      else if (event.key === "Enter" && !event.target.matches("button")) done();
      else return false;
      return true;
    };
  }

  // `given` is called with what was typed, if it is anything.
  text(title, what, given) {
    const done = () => {
      const typed = byId("sheet-text").value.trim();
      if (!typed) return;
      this.close();
      given(typed);
    };
    this.show(title, what, [button(this.words.ok, done, "first")]);
    byId("sheet-text").value = "";
    byId("sheet-text").hidden = false;
    byId("sheet-text").setAttribute("aria-label", title);
    byId("sheet-text").focus();
    this.key = (event) => {
      if (event.key !== "Enter" || event.target.matches("button")) return false;
      done();
      return true;
    };
  }
}

export function button(label, pressed, look = "") {
  const made = element("button", look, label);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}

export function element(name, look = "", text = "") {
  const made = document.createElement(name);
  if (look) made.className = look;
  made.textContent = text;
  return made;
}
