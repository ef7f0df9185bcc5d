"use strict";
// Asks again every two seconds; a tab that nobody looks at does not ask.
const EVERY_MS = 2000;
// A link that died in silence is found out, and what stands here is said to be old.
const ANSWER_MS = 8000;
// Counts of a large house are added up now and then: older ones say of when they are.
const COUNTED_MS = 10000;

const counted = new Intl.NumberFormat("en").format;
const GATEWAYS = ["No.", "Name", "State", "Facts", "Last receipt", "Delay"];
const GATES = ["No.", "Name", "Admissions", "Persons", "Refused", "Last"];
const MONEY = ["What", "How many", "Amount", "What to do"];
const TEXTS = new Set(["Name", "State", "What", "What to do"]);
const MERCHANTS = ["No.", "Name", "Receipts", "Owed", "Commission", "To be paid"];
// Sums over everything sold: asked for now and then.
const OWED_EVERY_MS = 60000;
let owedAt = -OWED_EVERY_MS;
let toldAt = "";

function row(labels, cells) {
  const tr = document.createElement("tr");
  cells.forEach((cell, i) => {
    const td = document.createElement("td");
    // Commands stand between backticks.
    td.append(...String(cell.text ?? cell).split("`").map((part, at) => {
      if (at % 2 === 0) return part;
      const code = document.createElement("code");
      code.textContent = part;
      return code;
    }));
    td.dataset.label = labels[i];  // a phone shows no head of the table
    if (TEXTS.has(labels[i])) td.classList.add("text");
    if (labels[i] === "What to do") td.classList.add("long");
    if (cell.is) td.classList.add(cell.is);
    tr.append(td);
  });
  return tr;
}

function fill(id, labels, rows, none) {
  const empty = document.createElement("tr");
  const td = document.createElement("td");
  td.colSpan = labels.length;
  td.className = "none";
  td.textContent = none;
  empty.append(td);
  document.getElementById(id).replaceChildren(...(rows.length ? rows.map((r) => row(labels, r)) : [empty]));
}

function span(ms) {
  const s = Math.round(Math.abs(ms) / 1000);
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} days`;
}

function age(ms) {
  return ms === null ? "never" : `${span(Math.max(0, ms))} ago`;
}

function delay(ms) {
  if (ms === null) return "–";
  const text = Math.abs(ms) < 10000 ? `${counted(ms)} ms` : `${ms < 0 ? "−" : ""}${span(ms)}`;
  return Math.abs(ms) < 60000 ? text : { text, is: "bad" };  // no line is that slow: a clock is wrong
}

function state(gateway) {
  if (gateway.revoked) return { text: "✖ revoked", is: "bad" };
  if (gateway.quarantine) return { text: `✖ quarantine: ${gateway.quarantine}`, is: "bad" };
  return gateway.facts ? { text: "✔ receiving", is: "good" } : "… waits for its first block";
}

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// Of whole minor units, by their digits: no amount is ever a fraction.
function amount(minor, exponent) {
  const digits = String(Math.abs(minor)).padStart(exponent + 1, "0");
  const whole = counted(Number(digits.slice(0, digits.length - exponent)));
  return `${minor < 0 ? "−" : ""}${whole}${exponent ? `.${digits.slice(-exponent)}` : ""}`;
}

function clock(ms) {
  return new Date(ms).toLocaleTimeString();
}

function money(told) {
  document.getElementById("purses").hidden = !told.currency;
  const looked = document.getElementById("looked");
  const as = told.looked_ms === null ? "not looked at yet" : `as of ${clock(told.looked_ms)}`;
  looked.textContent = told.trouble ? `✖ ${as}: ${told.trouble}` : as;
  looked.className = told.trouble ? "bad" : "";
  fill("money", MONEY, told.lines.map((one) => [
    one.bad ? { text: `✖ ${one.what}`, is: "bad" } : one.what,
    counted(one.count),
    one.amount_minor === null ? "–" : `${amount(one.amount_minor, told.exponent)} ${told.currency}`,
    one.do,
  ]), told.looked_ms === null ? "…" : "✔ Nothing to look at.");
}

async function owed() {
  if (performance.now() - owedAt < OWED_EVERY_MS) return;
  const told = await ask("/v1/ops/merchants");
  owedAt = performance.now();
  document.getElementById("sellers").hidden = !told.merchants.length;
  document.getElementById("added").textContent = `as of ${clock(told.read_ms)}`;
  fill("merchants", MERCHANTS, told.merchants.map((m) => [
    m.merchant, m.name, counted(m.sales),
    ...[m.payable_minor, m.commission_minor, m.payout_minor].map(
      (minor) => `${amount(minor, told.exponent)} ${told.currency}`),
  ]), "Nobody sells here.");
}

// Answers 503 with the reasons while blocks or bundles wait.
async function ready() {
  const told = await (await fetch("/readyz", {
    cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS),
  })).json();
  const line = document.getElementById("unready");
  const text = told.reasons.map((why) => `✖ ${why}`).join("\n");
  if (line.textContent !== text) line.textContent = text;  // an alert is read aloud once
}

async function refresh() {
  const told = document.getElementById("state");
  try {
    await ready();
    const [lag, seen, purses] = await Promise.all([
      ask("/v1/ops/gateways"), ask("/v1/ops/admissions?limit=0"), ask("/v1/ops/money"),
    ]);
    fill("gateways", GATEWAYS, lag.gateways.map((g) => [
      g.index, g.name, state(g), counted(g.facts), age(g.receipt_age_ms),
      delay(g.delay_ms),
    ]), "No gateway yet: approve one with gatehouse central gateway approve");
    fill("gates", GATES, seen.gates.map((g) => [
      g.gate, g.name || "–", counted(g.admitted), counted(g.granted),
      counted(Object.values(g.refused).reduce((sum, n) => sum + n, 0)),
      g.last_ms === null ? "–" : age(lag.now_ms - g.last_ms),
    ]), "Nobody came yet.");
    const late = lag.now_ms - seen.counted_ms > COUNTED_MS;
    document.getElementById("counted").textContent = late ? `as of ${clock(seen.counted_ms)}` : "";
    const n = seen.doubles.length;
    const doubles = document.getElementById("doubles");
    doubles.textContent = n ? `✖ ${counted(n)} ${n === 1 ? "ticket" : "tickets"} let in more than paid for` : "";
    doubles.className = "bad";
    money(purses);
    await owed();
    toldAt = clock(lag.now_ms);
    told.textContent = `as of ${toldAt}`;
    told.className = "";
    document.querySelector("main").className = "";
  } catch (error) {
    told.textContent = `✖ no answer (${error.message}); what you see is ${toldAt ? `from ${toldAt}` : "nothing yet"}`;
    told.className = "bad";
    document.querySelector("main").className = "old";
  }
}

// One question at a time: answers that overtake each other would show what was before.
async function again() {
  if (!document.hidden) await refresh();
  setTimeout(again, EVERY_MS);
}

again();
