// What a till does beside selling: balance, top-up, receipts, refunds, bands, shift, reports.
import { newId, patient } from "/till_ask.js";
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
    add("tills", words.receipts, () => this.receipts());
    add("undo", words.refund, () => till.setRefunding(true), !closed);
    add("cash_out", words.cash_out, () => this.cashOut(), !closed && state.drawer);
    add("bands", words.bands, () => this.bands());
    add("shift", words.shift, () => this.shift(), state.shift !== null);
    add("bands", words.devices, () => this.devices(), till.session.signed_in && state.reader !== "none");
    add("training", state.training ? words.training_off : words.training,
      () => this.change(words.training, "training", { on: !state.training }));
    rows.push([words.choose_till, () => this.look(words.choose_till, "/v1/tills", ({ tills }) => this.chooseTill(tills))]);
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

  // A change that no guest has to do anything for, asked for until it is answered: by its id it is
  // made once. What the gateway does not take is said (null).
  async post(what, body) {
    const { till } = this;
    const { ok, told } = await patient(`${till.path()}/${what}`, body, till.lost);
    till.again(till.loadState);
    if (ok) return told;
    till.sheet.close();
    till.shown.say("no", this.words.problem, told.detail || "", told.hint || "",
      [[this.words.close, () => till.shown.close()]]);
    return null;
  }

  // The same below a sheet that says it is under way; `then` gets the answer, if it is still wanted.
  change(title, what, body, then = () => this.till.sheet.close()) {
    const there = this.till.sheet.wait(title);
    this.till.again(async () => {
      const told = await this.post(what, body);
      if (told && there()) then(told);
    });
  }

  // A look at something; `then` gets the answer, if its sheet is still open.
  look(title, path, then) {
    const there = this.till.sheet.wait(title);
    this.till.again(async () => {
      const answer = await patient(path, undefined, this.till.lost, there);
      if (answer && there()) then(answer.told);
    });
  }

  topUp() {
    const { words, till } = this;
    const presets = [10, 20, 50].map((units) => till.money.whole(units));
    const least = Math.max(1, till.grid?.top_up_min_minor || 0);
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
      (till.grid?.classes || []).map((row) => [`${row.number} · ${row.name}`, () => act(row.number)]));
    till.sheet.choose(words.bands, "", [
      [words.issue, () => kind((wallet) => this.work("bands", { action: "issue", class: wallet }))],
      [words.reissue, () => this.findLost((old) => kind((wallet) => this.work("bands", { action: "reissue", class: wallet, old })))],
      [words.lock, () => this.work("bands", { action: "lock", because: "lost" })],
    ]);
  }

  // The band that was lost, by what its guest still knows of it; `chosen` gets its name.
  findLost(chosen) {
    const { words, till } = this;
    till.sheet.text(words.reissue, words.band_like, (like) => this.change(words.reissue, "lost-bands", { like }, (told) => {
      const again = button(words.again, () => this.findLost(chosen));
      const rows = told.bands.map((band) => {
        const made = button("", () => { till.sheet.close(); chosen(band.medium); });
        const why = band.why === "receipt" ? `${words.receipt} ${band.what}` : band.what;
        const used = band.used_ms ? new Date(band.used_ms).toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) : "";
        made.disabled = band.replaced;
        made.append(element("strong", "", `${band.medium.slice(0, 8)} · ${till.money.text(band.owed_minor)}`), element("br"),
          [band.replaced ? words.replaced : "", why, band.class_name, used].filter(Boolean).join(" · "));
        return made;
      });
      const what = [rows.length === 0 ? words.band_none : rows.length > 1 ? words.band_which : "", told.more ? words.band_more : ""];
      till.sheet.show(words.reissue, what.filter(Boolean).join(" "), [...rows, again]);
    }));
  }

  // On which devices a band is enough to sign in at this till.
  devices() {
    this.look(this.words.devices, `${this.till.path()}/devices`, (told) => this.showDevices(told));
  }

  pair(body) {
    this.change(this.words.devices, "devices", body, (told) => this.showDevices(told));
  }

  showDevices(told) {
    const { words, till } = this;
    const rows = told.devices.map((row) => {
      const made = element("div", "entry");
      const at = new Date(row.paired_ms).toLocaleDateString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
      made.append(element("span", "", `${row.device} · ${at}${row.this ? ` · ${words.this_device}` : ""}`),
        button(words.unpair, () => this.pair({ action: "forget", device: row.device })));
      return made;
    });
    const here = told.devices.some((row) => row.this);
    if (!here) rows.unshift(button(words.pair, () => this.pair({ action: "pair" }), "first"));
    till.sheet.show(words.devices, here ? words.paired : words.devices_what, rows);
  }

  receipts() {
    this.look(this.words.receipts, `${this.till.path()}/receipts`, (told) => this.showReceipts(told));
  }

  showReceipts(told) {
    const { words, till } = this;
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
      (float_minor) => this.change(this.words.shift_open, "shifts", { id: newId(), action: "open", float_minor }));
  }

  shift() {
    const { words, till } = this;
    const shift = till.state.shift;
    if (shift.z) return this.lastZ(shift);
    if (!shift.open) return this.counted(shift);
    const rows = [];
    const move = (label, sign, because) => [label, () => till.sheet.amount(label, words.amount, { least: 1 },
      (minor) => this.change(label, "shifts", { id: newId(), action: "move", amount_minor: sign * minor, because }, (told) => {
        till.state.shift = told.shift; // seen at once, so that nobody does it again
        this.shift();
      }))];
    if (till.state.drawer) rows.push(move(words.cash_drop, -1, "drop"), move(words.cash_in, 1, "float"));
    rows.push([words.closing_x, () => this.closing("X")], [words.shift_close, () => this.closeShift()]);
    const since = `${words.since} ${new Date(shift.opened_ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
    const moved = till.state.drawer ? [`${words.float}: ${till.money.text(shift.float_minor)}`,
      `${words.cash_in} / ${words.cash_drop}: ${till.money.text(shift.moved_minor)}`].join("\n") : "";
    return till.sheet.choose(`${words.shift} ${shift.number} · ${since}`, moved, rows);
  }

  // What the last Z said, as long as the gateway remembers its rows.
  lastZ(shift) {
    this.look(`${this.words.closing_z} ${shift.z}`, `${this.till.path()}/closings`, ({ closings }) => {
      const made = (closings || []).find((row) => row.closing === "Z" && row.number === shift.z);
      if (made) this.showClosing(made);
      else this.till.sheet.show(`${this.words.closing_z} ${shift.z}`, "", [this.table(this.countedRows(shift))]);
    });
  }

  closeShift() {
    const done = (counted_minor) => this.change(this.words.shift_close, "shifts", { id: newId(), action: "close", counted_minor },
      (told) => this.counted(told.shift));
    if (this.till.state.drawer) this.till.sheet.amount(this.words.shift_close, this.words.counted, {}, done);
    else done(0);
  }

  counted(shift) {
    this.till.sheet.show(`${this.words.shift} ${shift.number}`, this.words.z_sure, [this.table(this.countedRows(shift)),
      button(this.words.closing_z, () => this.closing("Z"), "first")]);
  }

  countedRows(told) {
    return [[this.words.counted, told.counted_minor], [this.words.expected, told.expected_minor],
      [this.words.difference, told.difference_minor]];
  }

  closing(kind) {
    const { words } = this;
    this.change(kind === "Z" ? words.closing_z : words.closing_x, "closings", { id: newId(), closing: kind }, (told) => this.showClosing(told));
  }

  showClosing(told) {
    const rows = told.totals.map((row) => [`${this.counts(row.key)} · ${row.count}`, row.amount_minor]);
    if (told.counted_minor !== null && told.counted_minor !== undefined) rows.push(...this.countedRows(told));
    rows.push([this.words.perpetual, told.perpetual_minor, "sum"]);
    const title = told.closing === "Z" ? `${this.words.closing_z} ${told.number}` : this.words.closing_x;
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
      [`${row.till} · ${row.name}`, () => this.till.take(row.till)]));
  }

  // Who could not be signed out must not believe it.
  signOut() {
    const there = this.till.sheet.wait(this.words.sign_out);
    this.till.again(async () => {
      const answer = await patient("/v1/session", undefined, this.till.lost, there, "DELETE");
      if (answer && answer.ok) location.replace("/signin?to=/till");
    });
  }
}
