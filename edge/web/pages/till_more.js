// What a till does beside selling: balance, top-up, receipts, refunds, bands, shift, reports.
import { ask, newId } from "/till_ask.js";
import { button, element } from "/till_sheet.js";

export class More {
  // `till`: what the page lends: words, money, sheet, shown, may, work, again, take, path, state, grid.
  constructor(till) {
    this.till = till;
    this.words = till.words;
  }

  open() {
    const { words, till } = this;
    const { may, state } = till;
    const closed = !state.training && !(state.shift && state.shift.open);
    const rows = [];
    const add = (right, label, act, there = true) => { if (may(right) && there) rows.push([label, act]); };
    add("shift", words.shift_open, () => this.openShift(), closed && !state.training);
    add("sell", words.balance, () => this.work("balance", {}));
    add("top_up", words.top_up, () => this.topUp(), !closed && state.can_top_up !== false);
    add("reverse", words.top_up_lost, () => this.work("money-back", {}), !closed && !state.training && state.reader !== "none");
    add("tills", words.receipts, () => till.again(() => this.receipts()));
    add("undo", words.refund, () => till.setRefunding(true), !closed);
    add("cash_out", words.cash_out, () => this.cashOut(), !closed && state.drawer);
    add("bands", words.bands, () => this.bands());
    add("shift", words.shift, () => till.again(() => this.shift()), state.shift !== null);
    add("bands", words.devices, () => till.again(() => this.devices()), till.session.signed_in && state.reader !== "none");
    add("training", state.training ? words.training_off : words.training,
      () => till.again(() => this.post("training", { on: !state.training })));
    rows.push([words.choose_till, () => till.again(async () => this.chooseTill((await ask("/v1/tills")).told.tills))]);
    if (till.session.signed_in) rows.push([words.sign_out, () => this.signOut()]);
    till.sheet.choose(words.menu, this.doubts(), rows);
  }

  doubts() {
    const rows = (this.till.state.in_doubt || []).map((row) => {
      const at = new Date(row.at_ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      return `${at} · ${this.till.money.text(row.amount_minor)}`;
    });
    return rows.length ? [`${this.words.doubts}:`, ...rows].join("\n") : "";
  }

  work(what, body) {
    return this.till.work(`${this.till.path()}/${what}`, { id: newId(), ...body });
  }

  // A plain question to the gateway; what it does not take is said.
  async post(what, body) {
    const { ok, told } = await ask(`${this.till.path()}/${what}`, body);
    if (!ok) {
      this.till.shown.say("no", this.words.problem, told.detail || "", told.hint || "",
        [[this.words.close, () => this.till.shown.close()]]);
      return null;
    }
    await this.till.loadState();
    return told;
  }

  topUp() {
    const { words, till } = this;
    const presets = [10, 20, 50].map((units) => till.money.whole(units));
    const least = Math.max(1, till.grid.top_up_min_minor || 0);
    const extra = [[words.code, () => till.sheet.text(words.code, words.type_code,
      (code) => this.work("top-ups", { method: "voucher", code }))]];
    till.sheet.amount(words.top_up, words.amount, { presets, least, extra }, (amount_minor) => {
      const rows = [];
      if (till.state.drawer) rows.push([words.pay_cash, () => this.work("top-ups", { amount_minor, method: "cash" })]);
      if (till.state.terminal) rows.push([words.pay_card, () => this.work("top-ups", { amount_minor, method: "card" })]);
      till.sheet.choose(`${words.top_up}: ${till.money.text(amount_minor)}`, words.top_up_how, rows);
    });
  }

  cashOut() {
    const all = [[this.words.all, () => this.work("cash-outs", {})]];
    this.till.sheet.amount(this.words.cash_out, this.words.amount, { extra: all, least: 1 },
      (amount_minor) => this.work("cash-outs", { amount_minor }));
  }

  bands() {
    const { words, till } = this;
    const kind = (act) => till.sheet.choose(words.wallet_class, "",
      (till.grid.classes || []).map((row) => [`${row.number} · ${row.name}`, () => act(row.number)]));
    till.sheet.choose(words.bands, "", [
      [words.issue, () => kind((wallet) => this.work("bands", { action: "issue", class: wallet }))],
      [words.reissue, () => till.sheet.text(words.reissue, words.old_medium, (old) =>
        kind((wallet) => this.work("bands", { action: "reissue", class: wallet, old })))],
      [words.lock, () => this.work("bands", { action: "lock", because: "lost" })],
    ]);
  }

  // On which devices a band is enough to sign in at this till.
  async devices(body = undefined) {
    const { words, till } = this;
    const told = body ? await this.post("devices", body) : (await ask(`${till.path()}/devices`)).told;
    if (!told) return;
    const rows = told.devices.map((row) => {
      const made = element("div", "entry");
      const at = new Date(row.paired_ms).toLocaleDateString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
      made.append(element("span", "", `${row.device} · ${at}${row.this ? ` · ${words.this_device}` : ""}`),
        button(words.unpair, () => till.again(() => this.devices({ action: "forget", device: row.device }))));
      return made;
    });
    const here = told.devices.some((row) => row.this);
    if (!here) rows.unshift(button(words.pair, () => till.again(() => this.devices({ action: "pair" })), "first"));
    till.sheet.show(words.devices, here ? words.paired : words.devices_what, rows);
  }

  async receipts() {
    const { words, till } = this;
    const { told } = await ask(`${till.path()}/receipts`);
    const rows = (told.receipts || []).map((row) => {
      const at = new Date(row.at_ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      const made = element("div", "entry");
      const top = element("div", "top");
      top.append(element("span", "", `${row.number} · ${at} · ${words[row.kind] || row.kind}`),
        element("span", "", till.money.text(row.total_minor)));
      const acts = element("div", "row");
      acts.append(button(words.reprint, () => this.receipt(row.number)));
      if (till.may("reverse") && row.kind === "sale" && !row.reversed) {
        acts.append(button(words.reverse, () => { till.sheet.close(); this.work("reversals", { receipt: row.number }); }));
      }
      made.append(top, acts);
      return made;
    });
    till.sheet.show(words.receipts, rows.length ? "" : words.none, rows);
  }

  receipt(number) {
    const paper = element("img");
    paper.alt = `${this.words.reprint} ${number}`;
    paper.addEventListener("error", () => { paper.replaceWith(element("p", "", this.words.no_picture)); });
    paper.src = `${this.till.path()}/receipts/${number}/picture?lang=${document.documentElement.lang}`;
    this.till.sheet.show(`${this.words.reprint} ${number}`, "", [paper]);
  }

  openShift() {
    this.till.sheet.amount(this.words.shift_open, this.words.float, {},
      (float_minor) => this.till.again(() => this.post("shifts", { action: "open", float_minor })));
  }

  async shift() {
    const { words, till } = this;
    const shift = till.state.shift;
    const rows = [];
    if (shift.open) {
      const move = (label, sign, because) => [label, () => till.sheet.amount(label, words.amount, { least: 1 },
        (minor) => till.again(() => this.post("shifts", { action: "move", amount_minor: sign * minor, because })))];
      if (till.state.drawer) rows.push(move(words.cash_drop, -1, "drop"), move(words.cash_in, 1, "float"));
      rows.push([words.closing_x, () => till.again(() => this.closing("X"))], [words.shift_close, () => this.closeShift()]);
    } else rows.push([words.closing_z, () => till.sheet.choose(words.closing_z, words.z_sure,
      [[words.closing_z, () => till.again(() => this.closing("Z"))], [words.back, () => {}]])]);
    const since = shift.open ? ` · ${words.since} ${new Date(shift.opened_ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}` : "";
    till.sheet.choose(`${words.shift} ${shift.number}${since}`, "", rows);
  }

  closeShift() {
    const done = (counted_minor) => this.till.again(async () => {
      const told = await this.post("shifts", { action: "close", counted_minor });
      if (told) this.counted(told.shift);
    });
    if (this.till.state.drawer) this.till.sheet.amount(this.words.shift_close, this.words.counted, {}, done);
    else done(0);
  }

  counted(shift) {
    const rows = [[this.words.counted, shift.counted_minor], [this.words.expected, shift.expected_minor],
      [this.words.difference, shift.difference_minor]];
    this.till.sheet.show(`${this.words.shift} ${shift.number}`, "", [this.table(rows),
      button(this.words.closing_z, () => this.till.again(() => this.closing("Z")), "first")]);
  }

  async closing(kind) {
    const told = await this.post("closings", { closing: kind });
    if (!told) return;
    const rows = told.totals.map((row) => [`${this.counts(row.key)} · ${row.count}`, row.amount_minor]);
    if (told.counted_minor !== null && told.counted_minor !== undefined) {
      rows.push([this.words.counted, told.counted_minor], [this.words.expected, told.expected_minor],
        [this.words.difference, told.difference_minor]);
    }
    rows.push([this.words.perpetual, told.perpetual_minor, "sum"]);
    const title = kind === "Z" ? `${this.words.closing_z} ${told.number}` : this.words.closing_x;
    this.till.sheet.show(title, `${this.words.shift} ${told.shift}`, [this.table(rows)]);
  }

  // What a row of X or Z counts, as "method:cash" or "training:kind:sale", in words.
  counts(key) {
    const words = this.words;
    const [what, ...rest] = key.split(":");
    const name = rest.join(":");
    const by = { band: words.of_band, cash: words.pay_cash, card: words.pay_card, promo: words.promo,
      voucher: words.vouchers, presale: words.of_presale }[name] || name;
    if (what === "training") return `${words.of_training}: ${this.counts(name)}`;
    if (what === "kind") return words[name] || name;
    if (what === "method") return `${words.of_paid}: ${by}`;
    if (what === "top_up" || what === "top_up_back") return `${words[what]}: ${by}`;
    if (what === "deposit") return name === "out" ? words.of_out : words.of_back;
    return [words[`of_${what}`] || words[what] || what, name].filter(Boolean).join(" ");
  }

  table(rows) {
    const list = element("dl");
    for (const [label, minor, look] of rows) {
      list.append(element("dt", look || "", label), element("dd", look || "", this.till.money.text(minor ?? 0)));
    }
    return list;
  }

  chooseTill(tills) {
    this.till.sheet.choose(this.words.choose_till, "", tills.map((row) =>
      [`${row.till} · ${row.name}`, () => this.till.again(() => this.till.take(row.till))]));
  }

  async signOut() {
    await fetch("/v1/session", { method: "DELETE" }).catch(() => null);
    location.replace("/signin?to=/till");
  }
}
