// A till on a phone or a tablet. One basket is one payment with one id: after a reload, a lost
// network or a second press the same is asked for again, and nothing is charged twice. What is
// going on stands in the gateway; this page only shows it.
import { ownLanguage } from "/words.js";
import { wake } from "/signals.js";
import { Money } from "/money.js";
import { speakTill, tillWords } from "/till_words.js";
import { Asking, ENDED, SignedOut, ask } from "/till_ask.js";
import { Basket } from "/till_basket.js";
import { Grid } from "/till_grid.js";
import { listenToKeys } from "/till_keys.js";
import { Sheet, element } from "/till_sheet.js";
import { Shown } from "/till_show.js";
import { More } from "/till_more.js";

const POLL_MS = 3000;
const WATCH_MS = 700;
const NEXT_MS = 4000;
const TURN_MS = 5000;
const HOUR_MS = 3600000;
const t = ownLanguage();
const words = tillWords(t);
const money = new Money("", 2, t);
const byId = (id) => document.getElementById(id);
const shown = new Shown(words, money);
const sheet = new Sheet(words, money);
let session = null;
let number = Number(new URLSearchParams(location.search).get("till") || localStorage.getItem("till") || 0);
let works = 0; // how many have begun or ended: what was told before that is of the past
let wish = null; // how to pay, pressed before the price was there
let state = null;
let asking = null;
let basket = null;
let refunding = false;
let loaded = false; // what was under way before this page was loaded has been asked for
let next = 0;
let turning = 0;
let turned = null; // the quote by which the page learnt of another phase

const grid = new Grid({
  words, money, sheet, get basket() { return basket; }, get refunding() { return refunding; },
  pressed: () => { if (byId("notice").dataset.kind === "once") notice(null); },
});
const path = () => `/v1/tills/${number}`;
const toSignIn = () => location.replace(`/signin?to=/till${number ? `&till=${number}` : ""}`);
const may = (right) => session !== null && session.rights.includes(right);
const pending = {
  get: () => JSON.parse(sessionStorage.getItem("till_work") || "null"),
  set: (what) => (what ? sessionStorage.setItem("till_work", JSON.stringify(what))
    : sessionStorage.removeItem("till_work")),
};

function put(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = text === "";
}

function lost(is) {
  put("lost", is ? `✖ ${words.lost}. ${words.lost_more}` : "");
}

// ---- what can be sold -------------------------------------------------------------------------

async function loadGrid() {
  const { ok, told } = await ask(`${path()}/grid`);
  if (!ok) return notice(told);
  Object.assign(money, new Money(told.currency, told.exponent, t));
  put("phase", told.phase_name || "");
  clearTimeout(turning); // a tablet's clock may be wrong: it asks seldom, and a quote tells as well
  if (told.next_phase_ms) turning = setTimeout(() => again(loadGrid), Math.min(HOUR_MS, Math.max(TURN_MS, told.next_phase_ms - Date.now())));
  grid.draw(told);
  return undefined;
}

// ---- the basket -------------------------------------------------------------------------------

function draw() {
  if (!grid.told) return;
  grid.counts();
  const quote = basket.quote;
  if (quote && quote.phase !== grid.told.phase && quote !== turned) {
    turned = quote;
    again(loadGrid);
  }
  const rows = quote ? quote.lines.map(line) : [];
  byId("lines").replaceChildren(...(rows.length ? rows : [element("li", "none", words.empty)]));
  byId("sum").textContent = basket.empty ? "–" : quote ? money.text(quote.total_minor) : "…";
  byId("sum").className = basket.fresh ? "" : "old";
  if (basket.problem) notice(basket.problem, "once");
  // While the price is asked for, a way to pay can be chosen: it is taken when the price is there.
  const ready = !basket.empty && !asking && sells() && (Boolean(quote) || !basket.fresh);
  byId("band").disabled = !ready || state.reader === "none" || state.reader === "away";
  byId("cash").disabled = !ready || !state.drawer || state.only_bands;
  byId("card").disabled = !ready || !state.terminal || state.only_bands || refunding;
  byId("undo").disabled = byId("clear").disabled = basket.empty;
  byId("lines").scrollTop = byId("lines").scrollHeight;
  if (wish && wish.turn !== basket.turn) wish = null; // something else is in the basket now
  if (!wish || !basket.fresh) return;
  const { method, more: how } = wish;
  wish = null;
  if (!byId(method).disabled) pay(method, how);
}

const sells = () => state !== null && (state.training || (state.shift !== null && state.shift.open));

function line(row) {
  const made = element("li", row.kind === "article" ? "" : "minor");
  const quantity = row.kind === "article" || row.kind === "deposit" ? `${row.quantity}×`.replace("-", "−") : "";
  made.append(element("span", "", quantity), element("span", "", ["article", "deposit"].includes(row.kind) ? row.name : words[row.kind] || row.name),
    element("span", "", money.plain(row.total_minor)));
  return made;
}

function notice(problem, kind = "") {
  const text = problem === null ? "" : typeof problem === "string" ? problem
    : Object.values(shown.words_of({ ...problem, reason: problem.refused || problem.problem })).filter(Boolean).join(" ") || words.problem;
  put("notice", text);
  byId("notice").dataset.kind = kind;
}

// ---- paying -----------------------------------------------------------------------------------

function pay(method, more = {}) {
  if (asking || basket.empty) return;
  if (!basket.fresh) {
    wish = { method, more, turn: basket.turn };
    return;
  }
  if (!basket.quote) return;
  if (refunding) {
    work(`${path()}/refunds`, { id: basket.quote.basket, items: basket.items, method });
  } else work(`${path()}/payments`, { ...basket.payment, method, part: 0, ...more });
}

// Has work done that needs the guest, and stays with it until it has ended.
async function work(where, body) {
  clearTimeout(next);
  works += 1;
  pending.set({ till: number, where, body });
  asking = new Asking(where, body, (told) => show(told, where, body), lost);
  shown.say("idle", "…", "", "", []); // at once: what is pressed now must not hit the paid basket
  draw();
  let told = null;
  try {
    told = await asking.end();
  } catch (error) {
    if (error instanceof SignedOut) return toSignIn();
    throw error;
  }
  asking = null;
  works += 1;
  if (told && told.problem) {
    pending.set(null);
    shown.say("no", words.problem, told.detail || "", told.hint || "", [[words.close, () => shown.close()]]);
  } else if (told && told.reason === "quoted_before" && !basket.empty) payAnew(body);
  else if (told) ended(told, where, body);
  else shown.close();
  again(loadState);
  return undefined;
}

function show(told, where, body) {
  if (ENDED.has(told.state)) return;
  const acts = [];
  if (told.state === "asking") {
    acts.push([words.yes, () => answer(told, true)], [words.no, () => answer(told, false)]);
  } else if (told.state !== "working") {
    acts.push([words.cancel, () => cancel(told)]);
  }
  shown.work(told, acts);
}

// The gateway was started anew and has charged nothing: the same basket, at its price, under a new
// name. This name has not been answered before, so nobody was told that it failed.
async function payAnew(body) {
  await basket.ask(body.basket);
  const { basket: name, total_minor, ...rest } = body;
  if (basket.fresh && basket.quote && basket.quote.total_minor === total_minor) pay(body.method, rest);
  else shown.close();
}

function ended(told, where, body) {
  const paid = told.state === "paid" || told.state === "done";
  const rest = paid && told.left_minor > 0;
  if (!rest) pending.set(null);
  const acts = [];
  if (rest) {
    const part = { ...body, part: (body.part || 0) + 1 };
    delete part.amount_minor;
    delete part.take_left;
    acts.push([words.other_band, () => work(where, { ...part, method: "band" })]);
    if (state.drawer && !state.only_bands) acts.push([words.pay_cash, () => work(where, { ...part, method: "cash" })]);
    if (state.terminal && !state.only_bands) acts.push([words.pay_card, () => work(where, { ...part, method: "card" })]);
  } else if (paid) acts.push([words.next, nextGuest]);
  else {
    acts.push([words.close, () => { shown.close(); again(requote); }]);
    // What it may pay is told as the limit: part of what is on it may be held back.
    const left = told.reason === "balance" ? told.limit_minor
      : told.reason === "exposure" ? Math.min(told.limit_minor, told.balance_minor) : 0;
    if (told.kind === "sale" && told.method === "band" && told.state === "not_paid" && left > 0
        && left < told.total_minor && body.part === 0 && !basket.gives) {
      acts.push([`${words.take_left}: ${money.text(left)}`, () => retry({ take_left: true })]);
    }
  }
  shown.work(told, acts);
  if (paid && !rest && told.kind === "sale") {
    basket.clear();
    shown.next = nextGuest;
    next = setTimeout(nextGuest, NEXT_MS);
  } else if (told.state === "in_doubt") basket.clear();
  if (told.kind === "refund" && paid) setRefunding(false);
}

function nextGuest() {
  clearTimeout(next);
  shown.close();
}

// What was refused stays refused under its id: the same things are quoted anew and have a new one.
async function requote() {
  if (!basket.empty) await basket.ask();
}

async function retry(more) {
  shown.close();
  await requote();
  pay("band", more);
}

async function answer(told, yes) {
  await tell("answers", { id: told.id, part: told.part || 0, question: told.question, yes });
}

async function cancel(told) {
  const problem = await tell("cancel", { id: told.id, part: told.part || 0 });
  if (problem && problem.problem === "in_doubt") {
    shown.work(told, [[words.back, () => {}], [words.give_up, () => tell("cancel?force=1", { id: told.id, part: told.part || 0 })]]);
  }
}

// The problem, if the gateway named one.
async function tell(what, body) {
  try {
    const { ok, told } = await ask(`${path()}/${what}`, body);
    lost(false);
    if (!ok) return told;
    if (ENDED.has(told.state) === false) shown.state = "";
  } catch (error) {
    if (error instanceof SignedOut) toSignIn();
    else lost(true);
  }
  return null;
}

// ---- state of the till ------------------------------------------------------------------------

async function loadState() {
  const before = works;
  const { ok, told } = await ask(`${path()}/state`);
  if (!ok) return notice(told);
  state = told;
  byId("menu").hidden = false;
  put("till", told.name);
  byId("training").hidden = !told.training;
  drawNotice();
  draw();
  if (before === works) resume(told);
  return undefined;
}

function drawNotice() {
  if (byId("notice").dataset.kind === "once") return;
  const said = !sells() ? words.closed : (state.cards || []).some((card) => card.status === "unknown") ? words.unknown_cards
    : state.reader === "away" ? words.no_reader : "";
  notice(said);
}

// After a reload, or where another device works at this till.
function resume(told) {
  if (asking || sheet.open) return;
  const kept = loaded ? null : pending.get();
  loaded = true;
  const id = kept && (kept.body.basket || kept.body.id);
  if (kept && kept.till === number && (told.work === null || told.work.id === id)) work(kept.where, kept.body);
  else if (told.work) {
    show(told.work, "", {});
    byId("work-hint").textContent = words.busy_other;
    setTimeout(() => again(loadState), WATCH_MS);
  } else if (shown.open && byId("work-hint").textContent === words.busy_other) shown.close();
}

function setRefunding(wanted) {
  refunding = wanted;
  byId("refund").hidden = !wanted;
  basket.clear();
  grid.draw();
}

// ---- beginning --------------------------------------------------------------------------------

async function again(what) {
  try {
    await what();
    lost(false);
  } catch (error) {
    if (error instanceof SignedOut) return toSignIn();
    console.warn(String(error));
    lost(true);
  }
  return undefined;
}

async function begin() {
  const { told } = await ask("/v1/session");
  if (told.needed && !told.signed_in) return toSignIn();
  session = told;
  put("who", told.name || told.gateway);
  if (may("tills")) shown.spoken = (await ask(`/v1/tills/words?lang=${t}`)).told.words || {};
  const tills = (await ask("/v1/tills")).told.tills || [];
  byId("nowhere").hidden = tills.length > 0 && may("sell");
  if (!tills.length || !may("sell")) return undefined;
  if (!tills.some((row) => row.till === number)) {
    if (tills.length > 1) return more.chooseTill(tills);
    number = tills[0].till;
  }
  return take(number);
}

async function take(wanted) {
  number = wanted;
  localStorage.setItem("till", String(number));
  basket = new Basket(path(), draw, toSignIn);
  document.title = `${number} · Gatehouse`;
  await loadGrid();
  await loadState();
  byId("sell").hidden = false;
  listen();
  return undefined;
}

let events = null;
function listen() {
  events?.close();
  events = new EventSource("/v1/events");
  const mine = (happened, event) => JSON.parse(event.data).till === number && again(happened);
  for (const name of ["till_shift", "till_reader"]) events.addEventListener(name, (event) => mine(loadState, event));
  events.addEventListener("till", (event) => {
    const told = JSON.parse(event.data);
    if (told.till === number && asking && told.work && !ENDED.has(told.work.state)) show(told.work, asking.path, asking.body);
  });
  events.addEventListener("bundle", () => again(loadGrid));
}

const more = new More({
  words, money, sheet, shown, may, work, again, take, setRefunding, loadState,
  path, get state() { return state; }, get grid() { return grid.told; }, get session() { return session; },
});

listenToKeys(sheet, shown);
addEventListener("pointerdown", wake);
for (const method of ["band", "cash", "card"]) byId(method).addEventListener("click", () => pay(method));
byId("undo").addEventListener("click", () => basket.undo());
byId("clear").addEventListener("click", () => { basket.clear(); again(loadState); });
byId("menu").addEventListener("click", () => more.open());
byId("refund-end").addEventListener("click", () => setRefunding(false));

document.documentElement.lang = t;
speakTill(document, words);
setInterval(() => { if (grid.told && !asking) again(loadState); }, POLL_MS);
(async function start() {
  await again(begin);
  if (session === null) setTimeout(start, POLL_MS);
})();
