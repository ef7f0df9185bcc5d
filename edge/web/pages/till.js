// A till on a phone or a tablet. One basket is one payment with one id: after a reload, a lost
// network or a second press the same is asked for again, and nothing is charged twice. What is
// going on stands in the gateway; this page only shows it.
import "/taps.js";
import { ownLanguage } from "/words.js";
import { wake } from "/signals.js";
import { Money } from "/money.js";
import { speakTill, tillWords } from "/till_words.js";
import { Asking, ENDED, Latest, SignedOut, ask, pending } from "/till_ask.js";
import { Basket } from "/till_basket.js";
import { Grid } from "/till_grid.js";
import { Lines } from "/till_lines.js";
import { Live, cover } from "/till_live.js";
import { listenToKeys } from "/till_keys.js";
import { Sheet } from "/till_sheet.js";
import { Shown, leftOn, say } from "/till_show.js";
import { More } from "/till_more.js";

const POLL_MS = 3000;
const WATCH_MS = 700;
const NEXT_MS = 4000;
const TURN_MS = 5000;
const HOUR_MS = 3600000;
const AGAIN_MS = 1000;
const t = ownLanguage();
const words = tillWords(t);
const money = new Money("", 2, t);
const byId = (id) => document.getElementById(id);
const shown = new Shown(words, money);
const sheet = new Sheet(words, money);
const lines = new Lines(words, money);
let session = null;
// Each tab keeps its own till; a new one begins with the till that was last.
let number = Number(new URLSearchParams(location.search).get("till") || sessionStorage.getItem("till") || localStorage.getItem("till") || 0);
let works = 0; // how many have begun or ended: what was told before that is of the past
let wish = null; // how to pay, pressed before the price was there
let state = null;
let asking = null;
let basket = null;
let refunding = false;
let loaded = false; // what was under way before this page was loaded has been asked for
let begun = false; // everything is there that a sale needs
let starting = false;
let next = 0;
let turning = 0;
let watching = 0;
let unpriced = null; // why there are no articles
let turned = null; // the quote by which the page learnt of another phase

const grid = new Grid({
  words, money, sheet, get basket() { return basket; }, get refunding() { return refunding; },
  pressed: () => { if (byId("notice").dataset.kind === "once") notice(null); },
});
const live = new Live();
const states = new Latest();
const grids = new Latest();
const path = () => `/v1/tills/${number}`;
const toSignIn = () => location.replace(`/signin?to=/till${number ? `&till=${number}` : ""}`);
const may = (right) => session !== null && session.rights.includes(right);

function put(id, text) {
  say(byId(id), text);
  byId(id).hidden = text === "";
}

function lost(is) {
  put("lost", is ? `✖ ${words.lost}. ${words.lost_more}` : "");
}

// ---- what can be sold -------------------------------------------------------------------------

async function loadGrid() {
  const answer = await grids.of(`${path()}/grid`);
  if (!answer) return undefined;
  const { ok, told } = answer;
  unpriced = ok ? null : told;
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
  lines.draw(quote ? quote.lines : []);
  say(byId("sum"), basket.empty ? "–" : quote ? money.text(quote.total_minor) : "…");
  byId("sum").className = basket.fresh ? "" : "old";
  if (basket.problem) notice(basket.problem, "once");
  // While the price is asked for, a way to pay can be chosen: it is taken when the price is there.
  const ready = !basket.empty && !asking && sells() && (Boolean(quote) || !basket.fresh);
  byId("band").disabled = !ready || state.reader === "none" || state.reader === "away";
  byId("cash").disabled = !ready || !state.drawer || state.only_bands;
  byId("card").disabled = !ready || !state.terminal || state.only_bands || refunding;
  byId("undo").disabled = byId("clear").disabled = basket.empty;
  if (wish && wish.turn !== basket.turn) wish = null; // something else is in the basket now
  if (!wish || !basket.fresh) return;
  const { method, more: how } = wish;
  wish = null;
  if (!byId(method).disabled) pay(method, how);
}

const sells = () => state !== null && (state.training || (state.shift !== null && state.shift.open));

function notice(problem, kind = "") {
  const text = problem === null ? "" : typeof problem === "string" ? problem
    : Object.values(shown.words_of({ ...problem, reason: problem.refused || problem.problem })).filter(Boolean).join(" · ") || words.problem;
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
  asking = new Asking(where, body, show, lost);
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

function show(told) {
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
  // A part of this basket is paid: what is left of it is paid as a part, and never all of it anew.
  const owing = told.kind === "sale" && !paid && told.state !== "in_doubt" && body.part > 0;
  // Until somebody goes on, a sale is told again by a page that is loaded anew.
  if (!rest && !owing && !(paid && told.kind === "sale")) pending.set(null);
  const left = basket.gives ? 0 : leftOn(told);
  const acts = [];
  if (rest || owing) {
    const part = { ...body, part: (body.part || 0) + 1 };
    delete part.amount_minor;
    delete part.take_left;
    acts.push([words.other_band, () => work(where, { ...part, method: "band" })]);
    if (state.drawer && !state.only_bands) acts.push([words.pay_cash, () => work(where, { ...part, method: "cash" })]);
    if (state.terminal && !state.only_bands) acts.push([words.pay_card, () => work(where, { ...part, method: "card" })]);
    if (owing && left > 0) acts.push([`${words.take_left}: ${money.text(left)}`, () => work(where, { ...part, method: "band", take_left: true })]);
    if (owing) acts.push([words.close, () => { pending.set(null); basket.clear(); shown.close(); }]);
  } else if (paid) acts.push([words.next, nextGuest]);
  else {
    acts.push([words.close, () => { shown.close(); again(requote); }]);
    if (left > 0 && body.part === 0) acts.push([`${words.take_left}: ${money.text(left)}`, () => retry({ take_left: true })]);
  }
  shown.work(told, acts);
  if (owing) say(byId("work-hint"), words.part_paid);
  if (paid && !rest && told.kind === "sale") {
    basket.clear();
    shown.next = nextGuest;
    next = setTimeout(nextGuest, NEXT_MS);
  } else if (told.state === "in_doubt") basket.clear();
  if (told.kind === "refund" && paid) setRefunding(false);
}

function nextGuest() {
  pending.set(null);
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
    shown.work(told, [[words.back, () => show(told)], [words.give_up, () => tell("cancel?force=1", { id: told.id, part: told.part || 0 })]]);
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
  const answer = await states.of(`${path()}/state`);
  if (!answer) return undefined;
  const { ok, told } = answer;
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
  if (unpriced) return notice(unpriced);
  const said = !sells() ? words.closed : (state.cards || []).some((card) => card.status === "unknown") ? words.unknown_cards
    : state.reader === "away" ? words.no_reader : "";
  return notice(said);
}

// After a reload, or where another device works at this till.
function resume(told) {
  if (asking || sheet.open) return;
  const kept = loaded ? null : pending.get();
  loaded = true;
  const id = kept && (kept.body.basket || kept.body.id);
  if (kept && kept.till === number && (told.work === null || told.work.id === id)) work(kept.where, kept.body);
  else if (told.work) {
    show(told.work);
    say(byId("work-hint"), words.busy_other);
    clearTimeout(watching);
    watching = setTimeout(() => again(loadState), WATCH_MS);
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

// Until everything is there; on a bad network any of it may fail.
async function start() {
  if (begun || starting) return;
  starting = true;
  if (!sheet.open) await again(begin);
  starting = false;
  if (!begun) setTimeout(start, byId("nowhere").hidden ? AGAIN_MS : POLL_MS);
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
  sessionStorage.setItem("till", String(number));
  localStorage.setItem("till", String(number));
  basket = new Basket(path(), draw, toSignIn);
  document.title = `${number} · Gatehouse`;
  await loadGrid();
  await loadState();
  begun = true;
  byId("sell").hidden = false;
  listen();
  return undefined;
}

// Another till: nothing of the one before is shown or asked for any longer.
function take(wanted) {
  number = wanted;
  begun = false;
  live.close();
  for (const asked of [states, grids]) asked.drop();
  byId("sell").hidden = byId("menu").hidden = true;
  if (location.search) history.replaceState(null, "", "/till");
  sessionStorage.setItem("till", String(number));
  return start();
}

function listen() {
  live.listen(number, {
    state: () => again(loadState), grid: () => again(loadGrid),
    work: (told) => { if (asking?.is(told) && !ENDED.has(told.state)) show(told); },
  });
}

// In another tab somebody else may have signed in meanwhile: whoever is named here must be who acts.
async function look() {
  if (!session || document.hidden) return;
  const { told } = await ask("/v1/session");
  if (told.needed && !told.signed_in) toSignIn();
  else if (told.name !== session.name) location.reload();
}

const more = new More({
  words, money, sheet, shown, may, work, again, take, setRefunding, loadState, lost,
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
cover(shown, sheet);
document.addEventListener("visibilitychange", () => again(look));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
setInterval(() => { if (begun && !asking) again(unpriced ? loadGrid : loadState); }, POLL_MS);
start();
