// The screen at a lane: what happened last, for as long as it matters to somebody who walks.
// Fed by the lane's live events; what the gateway says is put in as text, never as markup.
import { WORDS, LANGUAGES } from "/words.js";
import { hintsOf, kindOf, ready, shape, signal, wake } from "/signals.js";

const POLL_MS = 2000;
const ANSWER_MS = 3000;
const SILENT_MS = 6000;
const AGAIN_MS = 1000;
const TURN_MS_MIN = 1500;
const FITS = [1, .9, .8, .7, .6, .5];

const lane = Number(location.pathname.split("/")[2]);
const asked = (new URLSearchParams(location.search).get("lang") || "").split(",")
  .filter((name) => LANGUAGES.includes(name));
const byId = (id) => document.getElementById(id);
let shown = null;            // what the gateway says of the lane between two guests
let answerView = null;       // what was decided last, until its time is over
let turn = 0;                // which language it is
let over = null;             // timer
let streaming = false;
let streamLostAt = performance.now();
let heardAt = 0;

const languages = () => asked.length ? asked : (shown ? shown.languages : ["en"]);
const turnMs = () => Math.max(TURN_MS_MIN, (shown ? shown.answer_s * 1000 : 6000) / languages().length);

function idleView() {
  if (!shown.in_service) {
    return { kind: "attention", verdict: (t) => WORDS[t].closed, text: (t) => WORDS[t].closed_guest };
  }
  const word = shown.direction === "exit" ? "scan_exit" : "scan";
  return { kind: "idle", verdict: (t) => WORDS[t][word], text: () => "" };
}

function decidedView(answer) {
  const admitted = answer.decision === "admitted";
  const exit = answer.direction === "exit";
  const word = !admitted ? (answer.reason === "wait" ? "wait" : "refused")
    : answer.repeated ? "again" : exit ? "exit" : "admitted";
  return {
    kind: admitted ? "yes" : answer.reason === "wait" ? "attention" : "no",
    verdict: (t) => WORDS[t][word],
    text: (t) => (answer.guest_text || {})[t] || "",
    count: admitted && answer.granted > 1 ? answer.granted : 0,
    name: answer.name || "",
    hints: hintsOf(answer),
  };
}

function put(id, words) {
  const element = byId(id);
  if (element.textContent !== words) element.textContent = words;
  element.hidden = words === "";
}

function draw() {
  if (shown === null) return;
  const view = answerView || idleView();
  const own = languages();
  const t = own[turn % own.length];
  document.documentElement.lang = t;
  document.body.className = view.kind;
  if (byId("shape").dataset.kind !== view.kind) {
    byId("shape").dataset.kind = view.kind;
    byId("shape").replaceChildren(shape(view.kind));
  }
  put("verdict", view.verdict(t));
  const letters = Math.max(...view.verdict(t).split(" ").map((word) => word.length));
  document.body.style.setProperty("--letters", String(Math.max(6, letters)));
  put("count", view.count ? "× " + view.count : "");
  put("name", view.name || "");
  put("text", view.text(t));
  const hints = (view.hints || []).map((name) => WORDS[t][name]).join(" · ");
  byId("hints").hidden = hints === "";
  if (hints) {
    const words = document.createElement("span");
    words.textContent = hints;
    byId("hints").replaceChildren(shape("attention"), words);
  }
  put("lane", WORDS[t].lane + " " + shown.lane + " · " + shown.name);
  put("gate", shown.gate_name);
  fit();
}

// As large as there is room for.
function fit() {
  const room = document.querySelector("main");
  for (const scale of FITS) {
    document.body.style.setProperty("--fit", String(scale));
    const outer = room.getBoundingClientRect();
    const over = [...room.children].some((part) => {
      const inner = part.getBoundingClientRect();
      return inner.top < outer.top || inner.bottom > outer.bottom || part.scrollWidth > part.clientWidth + 1;
    });
    if (!over) return;
  }
}

function show(view) {
  answerView = view;
  turn = 0;
  clearTimeout(over);
  over = setTimeout(() => { answerView = null; turn = 0; draw(); }, shown ? shown.answer_s * 1000 : 6000);
  draw();
}

function decided(event) {
  const answer = JSON.parse(event.data);
  heardAt = performance.now();
  show(decidedView(answer));
  signal(kindOf(answer));
  showLost();
}

async function poll() {
  try {
    const answer = await fetch("/v1/lanes/" + lane + "/shown",
      { signal: AbortSignal.timeout(ANSWER_MS), cache: "no-store" });
    if (answer.status === 401) return location.assign("/signin?to=" + location.pathname);
    if (!answer.ok) throw new Error("answered " + answer.status);
    const first = shown === null;
    shown = await answer.json();
    heardAt = performance.now();
    if (first || answerView === null) draw();
  } catch (error) {
    console.warn(String(error));
  }
  showLost();
}

function setStreaming(is) {
  streaming = is;
  document.documentElement.dataset.live = is ? "yes" : "no";
}

function listen() {
  const source = new EventSource("/v1/events?lane=" + lane);
  source.addEventListener("hello", () => { setStreaming(true); poll(); });
  source.addEventListener("decision", decided);
  source.addEventListener("device", poll);
  source.addEventListener("queued", () => {
    if (answerView) { answerView.hints = ["wait"]; draw(); }
  });
  source.onerror = () => {
    if (streaming) streamLostAt = performance.now();
    setStreaming(false);
    showLost();
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  };
}

// An answer that is on the screen while nobody can correct it is worse than none.
function showLost() {
  const now = performance.now();
  const lost = shown === null ? now > SILENT_MS
    : now - heardAt > SILENT_MS || (!streaming && now - streamLostAt > AGAIN_MS);
  byId("lost").hidden = !lost;
  if (!lost || byId("lost-words").childElementCount) return;
  byId("lost-shape").replaceChildren(shape("attention"));
  byId("lost-words").replaceChildren(...(asked.length ? asked : LANGUAGES).map((t) => {
    const line = document.createElement("p");
    line.textContent = WORDS[t].lost;
    const more = document.createElement("small");
    more.textContent = WORDS[t].lost_guest;
    line.append(more);
    return line;
  }));
}

function showSound() {
  byId("sound").hidden = ready();
  byId("sound").textContent = languages().map((t) => WORDS[t].sound).join(" · ");
  fit();
}

addEventListener("resize", fit);

["pointerdown", "keydown"].forEach((kind) => addEventListener(kind, async () => {
  await wake();
  showSound();
}));

(function turning() {
  setTimeout(() => { turn += 1; draw(); turning(); }, turnMs());
})();
setInterval(poll, POLL_MS);
setInterval(showLost, AGAIN_MS);
poll();
listen();
wake().then(showSound);
