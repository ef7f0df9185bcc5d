// A handheld at a lane. One scan is one presentation with one nonce: whatever happens to the
// connection, asking again is asking for the same. Nothing is queued: what could not be sent fills
// the screen until somebody decides.
import "/taps.js";
import { WORDS, ownLanguage, speak } from "/words.js";
import { hintsOf, kindOf, signal, wake } from "/signals.js";
import { Camera } from "/camera.js";
import { ANNUL_WHYS, Desk, OVERRIDE_WHYS } from "/desk.js";
import { Asking } from "/asking.js";
import { Result, put } from "/result.js";

const POLL_MS = 3000;
const POLL_ANSWER_MS = 4000;
const ANSWER_MS = 10000;
const COUNT_MAX = 255;

const t = ownLanguage();
const words = WORDS[t];
const byId = (id) => document.getElementById(id);
const store = { get: (key) => JSON.parse(localStorage.getItem(key) || "null"),
  set: (key, value) => localStorage.setItem(key, JSON.stringify(value)) };
let session = null;
let count = 1;
let direction = "entry";
let pending = JSON.parse(sessionStorage.getItem("pending") || "null");
let busy = false;
let trial = false;
let trialAt = ""; // the time that is thought of while only trying, as the device's clock has it
let refused = null; // the last answer, if it was a refusal: what an override is about
let owed = null; // the last answer and what it was to, if it was not paid
let admitted = JSON.parse(sessionStorage.getItem("admitted") || "null"); // what annul is about

const toSignIn = () => location.replace("/signin?to=/handheld");
const result = new Result(t, () => focusWedge());
const desk = new Desk(words, t, () => focusWedge(), toSignIn);
const asking = new Asking(desk, words, t);
const camera = new Camera(byId("video"), present);
const laneRow = () => session.lanes.find((row) => row.lane === Number(byId("lane").value));

function keep(what) {
  pending = what;
  if (what) sessionStorage.setItem("pending", JSON.stringify(what));
  else sessionStorage.removeItem("pending");
}

function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keepAdmitted(what) {
  admitted = what;
  sessionStorage.setItem("admitted", JSON.stringify(what));
}

function present(code) {
  if (desk.open) return asking.other(code);
  if (busy || !session || !laneRow()) return;
  if (pending) {
    if (code === pending.code) return send();
    byId("pending-other").hidden = false;
    return signal("attention");
  }
  ask({ code });
}

// `shown`: a code, or the ticket of a guest who was found by name.
function ask(shown) {
  const row = laneRow();
  const asked = trial ? { ...shown } : { ...shown, nonce: newNonce() };
  if (count > 1) asked.count = count;
  if (trial && trialAt) asked.at = new Date(trialAt).toISOString();
  if (shown.ticket) asked.simulate = trial;
  else if (row.direction === "both") asked.direction = direction;
  const to = shown.ticket ? "guests" : trial ? "simulations" : "presentations";
  keep({ code: shown.code || shown.ticket, lane: row.lane, asked, at: Date.now(), to, trial });
  send();
}

// The same once more, with what was asked for: another presentation, so it has another name.
function askAgain(before, more) {
  if (busy || pending) return;
  const asked = { ...before.asked, ...more };
  if (asked.nonce) asked.nonce = newNonce();
  keep({ ...before, asked, at: Date.now(), failed: false });
  send();
}

function askBeside(answer, before) {
  const no = (text) => {
    result.show("no", verdictOf(answer, false), { text, product: productOf(answer), simulated: answer.simulated,
      force: mayForce() });
    signal("no");
    result.remember("no", verdictOf(answer, false), text);
  };
  asking.begin(answer, before, (more) => askAgain(before, more), no);
}

function askSearch() {
  const may = direction === "entry" && session.rights.includes(trial ? "simulate" : "scan");
  const admit = (ticket) => { if (!busy && !pending && laneRow()) ask({ ticket }); };
  desk.search(trial ? words.simulate : words.admit, may ? admit : null);
}

function override(why) {
  if (busy || pending || !refused) return;
  const { code, ticket, lane, choice } = refused;
  const asked = { ...(ticket ? { ticket } : { code, choice }), nonce: newNonce(), why, count: refused.count };
  keep({ code, lane, asked, at: Date.now(), to: ticket ? "guests" : "override" });
  send();
}

function setBusy(is) {
  busy = is;
  byId("state").classList.toggle("busy", is);
  byId("state").textContent = is ? words.sending : words.ready;
}

async function send() {
  setBusy(true);
  refused = owed = null;
  result.close();
  byId("pending").hidden = true;
  try {
    const answer = await fetch(`/v1/lanes/${pending.lane}/${pending.to || "presentations"}?lang=${t}`, {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify(pending.asked), signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.status === 401) return toSignIn();
    if (answer.status >= 500) throw new Error("answered " + answer.status);
    const told = await answer.json();
    if (answer.ok) decided(told);
    else rejected(told);
    keep(null);
  } catch (error) {
    console.warn(String(error));
    notSent();
  } finally {
    setBusy(false);
    focusWedge();
  }
}

function verdictOf(answer, passes) {
  const said = !passes ? (answer.reason === "wait" ? words.wait : words.refused)
    : answer.repeated && !pending.failed ? words.again
      : answer.overridden ? words.forced
        : answer.direction === "exit" ? words.yes_exit : words.yes_entry;
  return answer.simulated ? `${words.would}${words.colon} ${said}` : said;
}

const productOf = (answer) => [answer.product, answer.performance].filter(Boolean).join(" · ");
const mayForce = () => refused && session.rights.includes("override");

function decided(answer) {
  const passes = answer.decision === "admitted";
  const verdict = verdictOf(answer, passes);
  note(answer, passes, verdict);
  setCount(1);
  if (Asking.asks(answer)) return askBeside(answer, pending);
  const look = passes ? "yes" : kindOf(answer);
  result.show(look, verdict, {
    granted: passes && answer.granted > 1 ? "× " + answer.granted : "",
    guest: answer.name || "", text: answer.text || "", product: productOf(answer),
    hints: hintsOf(answer).map((name) => words[name]).join(" · "), simulated: answer.simulated,
    force: mayForce(), take: owed !== null,
  });
  signal(kindOf(answer));
  result.remember(look, verdict, [answer.product, passes ? "" : answer.text].filter(Boolean).join(" · "));
}

// What annul and override will be about.
function note(answer, passes, verdict) {
  if (answer.may_accept_unpaid && session.rights.includes("accept_unpaid")) owed = { answer, before: pending };
  if (answer.simulated) return;
  const { code, lane, asked, at } = pending;
  // Of several tickets none was refused: which is meant comes first.
  if (!passes && answer.direction === "entry" && !answer.choices) {
    refused = { code, lane, ticket: asked.ticket, choice: asked.choice, count: asked.count || 1, text: answer.text };
  }
  // After a nervous guest's second scan it is the first one that would be annulled: it let them pass.
  if (!passes || (answer.repeated && !pending.failed)) return;
  keepAdmitted({ nonce: asked.nonce, lane, at, what: [verdict, answer.product].filter(Boolean).join(" · ") });
}

function askOverride() {
  result.close();
  const what = refused ? `${words.lane} ${refused.lane} · …${refused.code.slice(-6)} · ${refused.text}` : words.nothing_refused;
  desk.reasons(refused ? `${words.override}${words.colon} ${words.why}` : words.override, what, refused ? OVERRIDE_WHYS : [], override);
}

function askUnpaid() {
  result.close();
  if (owed && !busy && !pending) askBeside(owed.answer, owed.before);
}

function askAnnul() {
  const at = admitted && new Date(admitted.at).toLocaleTimeString(t, { hour12: false });
  const what = admitted ? `${words.lane} ${admitted.lane} · ${at} · ${admitted.what}` : words.nothing_to_annul;
  desk.reasons(admitted ? `${words.annul}${words.colon} ${words.why}` : words.annul, what, admitted ? ANNUL_WHYS : [], annul);
}

async function annul(why) {
  if (busy || !admitted) return;
  setBusy(true);
  try {
    const answer = await fetch("/v1/annulments", {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ nonce: admitted.nonce, why }), signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.status === 401) return toSignIn();
    const told = await answer.json();
    // Taken back already: an answer before was lost on its way.
    if (answer.ok || told.problem === "annulled") annulled();
    else notAnnulled(words[told.problem] || told.detail);
  } catch (error) {
    console.warn(String(error));
    notAnnulled(words.no_answer); // asking again takes back nothing twice
  } finally {
    setBusy(false);
  }
}

function annulled() {
  result.show("attention", words.annulled, { text: admitted.what });
  signal("attention");
  result.remember("attention", words.annulled, admitted.what);
  keepAdmitted(null);
}

function notAnnulled(text) {
  result.show("no", words.not_annulled, { text, product: admitted.what });
  signal("no");
  result.remember("no", words.not_annulled, text);
}

function setTrial(wanted) {
  trial = wanted;
  refused = owed = null;
  setTrialAt("");
  for (const id of ["override", "annul"]) byId(id).disabled = trial;
  byId("trial").hidden = !trial;
  byId("simulate").setAttribute("aria-pressed", String(trial));
}

function setTrialAt(wanted) {
  trialAt = wanted;
  const at = trialAt ? new Date(trialAt).toLocaleString(t, { dateStyle: "medium", timeStyle: "short", hour12: false }) : "";
  byId("when").textContent = `${words.when}${words.colon} ${at || words.now}`;
  byId("result-trial").textContent = [words.trial, at].filter(Boolean).join(" · ");
}

// The gateway did not take it as a presentation: nothing counted.
function rejected(problem) {
  result.show("attention", words.problem, { text: problem.detail || "", product: problem.hint || "" });
  signal("attention");
  result.remember("attention", words.problem, problem.detail || "");
}

function notSent() {
  if (pending.trial) { // nothing can have counted: nothing to decide
    keep(null);
    result.show("attention", words.problem, { text: words.no_answer, simulated: true });
    return signal("no");
  }
  keep({ ...pending, failed: true });
  const at = new Date(pending.at).toLocaleTimeString(t, { hour12: false });
  put("pending-what", `${words.lane} ${pending.lane} · ${at} · …${pending.code.slice(-6)}`);
  byId("pending-other").hidden = true;
  byId("pending").hidden = false;
  signal("no");
}

function setCount(wanted) {
  count = Math.max(1, Math.min(COUNT_MAX, wanted));
  byId("count").textContent = String(count);
  byId("counts").classList.toggle("group", count > 1);
}

function setLane() {
  const row = laneRow();
  if (!row) return;
  refused = owed = null;
  store.set("lane", row.lane);
  direction = row.direction === "both" ? direction : row.direction;
  for (const way of ["entry", "exit"]) {
    byId(way).hidden = row.direction !== "both" && row.direction !== way;
    byId(way).setAttribute("aria-pressed", String(direction === way));
  }
  byId("counts").hidden = direction === "exit";
  if (direction === "exit") setCount(1);
}

function showSession(now) {
  const first = session === null;
  const before = byId("lane").value || String(store.get("lane") || "");
  const lanes = JSON.stringify(now.lanes);
  const changed = first || lanes !== JSON.stringify(session.lanes);
  session = now;
  put("gateway", now.gateway);
  document.title = now.gateway + " · Gatehouse";
  put("who", now.name ? now.name : "");
  byId("out").hidden = !now.signed_in;
  byId("work").hidden = now.lanes.length === 0;
  byId("nowhere").hidden = now.lanes.length > 0;
  const places = [...document.querySelectorAll("[data-right]")];
  places.forEach((place) => { place.hidden = !now.rights.includes(place.dataset.right); });
  if (trial && !now.rights.includes("simulate")) setTrial(false);
  byId("rights").hidden = places.every((place) => place.hidden);
  if (!changed) return;
  byId("lane").replaceChildren(...now.lanes.map((row) =>
    new Option(`${row.lane} · ${row.name} · ${row.gate_name}`, row.lane, false, String(row.lane) === before)));
  setLane();
  if (first && pending) notSent();
  focusWedge();
}

async function poll() {
  try {
    const answer = await fetch("/v1/session", { signal: AbortSignal.timeout(POLL_ANSWER_MS), cache: "no-store" });
    if (!answer.ok) throw new Error("answered " + answer.status);
    const now = await answer.json();
    if (now.needed && !now.signed_in) return byId("wedge").value || toSignIn(); // half a scan is no PIN
    showSession(now);
    put("lost", "");
  } catch (error) {
    console.warn(String(error));
    put("lost", "✖ " + words.lost);
  }
}

function focusWedge(force = false) {
  const at = document.activeElement;
  if (desk.open) return;
  if (byId("work").hidden || (!force && at && at.matches("select"))) return;
  byId("wedge").focus({ preventScroll: true });
}

async function toggleCamera() {
  if (camera.running) camera.stop();
  else {
    try {
      await camera.start();
    } catch (error) {
      console.warn(String(error));
      camera.stop();
      result.show("attention", words.attention, { text: words.no_camera });
    }
  }
  byId("video").hidden = !camera.running;
  byId("camera").textContent = camera.running ? "■ " + words.camera_stop : "▣ " + words.camera;
}

byId("wedge").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  const code = byId("wedge").value.trim();
  byId("wedge").value = "";
  if (code) present(code);
});
// A scanner types wherever the focus is, and could choose another lane with it: bring the focus
// home before the first letter lands.
addEventListener("keydown", (event) => {
  if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) focusWedge(true);
}, true);
addEventListener("pointerdown", wake);
addEventListener("pointerup", () => setTimeout(() => focusWedge()));
byId("lane").addEventListener("change", () => { setLane(); byId("lane").blur(); focusWedge(); });
for (const way of ["entry", "exit"]) byId(way).addEventListener("click", () => { direction = way; setLane(); });
byId("more").addEventListener("click", () => setCount(count + 1));
byId("fewer").addEventListener("click", () => setCount(count - 1));
byId("camera").addEventListener("click", toggleCamera);
byId("take").addEventListener("click", (event) => { event.stopPropagation(); askUnpaid(); });
byId("force").addEventListener("click", (event) => { event.stopPropagation(); askOverride(); });
byId("override").addEventListener("click", askOverride);
byId("annul").addEventListener("click", askAnnul);
byId("simulate").addEventListener("click", () => { if (!busy && !pending) setTrial(!trial); });
byId("search").addEventListener("click", askSearch);
byId("when").addEventListener("click", () => desk.time(trialAt, setTrialAt));
byId("retry").addEventListener("click", () => { if (!busy) send(); });
byId("discard").addEventListener("click", () => {
  result.remember("attention", words.not_sent, "…" + pending.code.slice(-6));
  keep(null);
  byId("pending").hidden = true;
});
byId("out").addEventListener("click", async () => {
  camera.stop();
  await fetch("/v1/session", { method: "DELETE", signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => null);
  poll();
});
addEventListener("pagehide", () => camera.stop());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

document.documentElement.lang = t;
speak(document, t);
setTrialAt("");
byId("camera").textContent = "▣ " + words.camera;
setInterval(poll, POLL_MS);
poll();
wake();
