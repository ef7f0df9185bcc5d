// The technician's page: two questions by fetch, changes by server-sent events.
// What the gateway says is put in as text, never as markup.
"use strict";

const POLL_MS = 5000;
const ANSWER_MS = 4000;
const AGAIN_MS = 1000;
const SILENT_MS = 12000;
const INSIDE_MS = 10000; // who is inside costs a walk over all quarter hours
const KINDS = ["completed", "lapsed", "unknown", "queued", "alarm", "device", "uplink", "receipt",
  "bundle"];
const ARROWS = { entry: "→ entry", exit: "← exit", both: "⇄ entry and exit" };

const byId = (id) => document.getElementById(id);
let heardAt = 0;        // ms on this page's own clock, which nobody sets: last answer of any kind
let heardMs = 0;        // the same as the gateway has it, to be shown
let apartMs = 0;        // the gateway's clock minus ours
let asked = 0;
let seen = 0;
let streaming = false;
let insideAt = -INSIDE_MS; // ms on this page's clock: when we last asked who is inside
let refreshTimer = null;
let source = null;

function put(element, words, kind) {
  if (element.textContent !== words) element.textContent = words;
  if (kind !== undefined) {
    element.classList.remove("yes", "no", "warn", "wait");
    element.classList.add(kind);
  }
}

function ago(atMs) {
  const seconds = Math.max(0, Math.round((Date.now() + apartMs - atMs) / 1000));
  return span(seconds) + " ago";
}

function span(seconds) {
  if (seconds < 100) return Math.round(seconds) + " s";
  if (seconds < 6000) return Math.round(seconds / 60) + " min";
  if (seconds < 172800) return Math.round(seconds / 3600) + " h";
  return Math.round(seconds / 86400) + " days";
}

const words = (name) => name.replaceAll("_", " ");
const number = (value) => value.toLocaleString("en");

function tile(id, kind, big, small) {
  const box = byId(id);
  put(box.querySelector(".big"), big);
  put(box.querySelector(".small"), small);
  box.classList.remove("yes", "no", "warn", "wait");
  box.classList.add(kind);
}

function showStatus(now) {
  apartMs = now.clock.now_ms - Date.now();
  put(byId("gateway"), now.gateway);
  document.title = now.gateway + " · Gatehouse";
  put(byId("version"), "Gatehouse " + now.version + " · gateway " + now.identity.slice(0, 8));
  put(byId("ready"), now.ready ? "✔ Ready" : "✖ Not ready", now.ready ? "yes" : "no");
  const list = byId("reasons");
  list.replaceChildren(...now.reasons.map((reason) => {
    const item = document.createElement("li");
    put(item, "⚠ " + reason, now.ready ? "warn" : "no");
    return item;
  }));
  showUplink(now.uplink);
  const bundle = now.bundle;
  if (bundle.version) tile("bundle", "yes", "✔ version " + bundle.version, "issued " + span(bundle.age_s) + " ago");
  else tile("bundle", "no", "✖ none yet", "nobody can be admitted");
  const ledger = now.ledger;
  const room = { plenty: "yes", alarm: "warn", unready: "no", none: "no" }[ledger.room];
  const mark = { yes: "✔", warn: "⚠", no: "✖" }[room];
  tile("ledger", room, mark + " " + number(ledger.durable_seq) + " facts",
    "epoch " + ledger.epoch + ", " + ledger.spares + " spare segments" +
    (ledger.unsaved ? ", " + ledger.unsaved + " unsaved" : ""));
  const clock = now.clock;
  const apart = clock.offset_ms === null ? "not compared yet"
    : (clock.offset_ms >= 0 ? "+" : "−") + Math.abs(clock.offset_ms) + " ms to the centre";
  tile("clock", clock.unsure ? "warn" : "yes", clock.unsure ? "⚠ unsure" : "✔ confirmed", apart);
  showCounts("said", now.counts.said);
  showCounts("refused", now.counts.refused);
}

function showUplink(uplink) {
  if (uplink === null) return tile("uplink", "wait", "none", "facts stay on this gateway");
  const waiting = number(uplink.waiting) + " facts wait";
  const last = uplink.receipt_at_ms ? "last receipt " + ago(uplink.receipt_at_ms) : "no receipt yet";
  if (uplink.connected) return tile("uplink", "yes", "✔ connected", waiting + ", " + last);
  return tile("uplink", "warn", "⚠ away: " + waiting, last + (uplink.problem ? "; " + uplink.problem : ""));
}

function showCounts(id, counts) {
  const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  const body = byId(id).tBodies[0];
  body.replaceChildren(...(rows.length ? rows : [["none yet", 0]]).map(([name, count]) => {
    const row = document.createElement("tr");
    const mark = name === "admitted" ? "✔ " : name === "repeated" ? "↻ " : count ? "✖ " : "";
    row.insertCell().textContent = mark + words(name);
    row.insertCell().textContent = number(count);
    return row;
  }));
}

function showInside(places) {
  byId("inside").tBodies[0].replaceChildren(...places.map((place) => {
    const row = document.createElement("tr");
    const [mark, kind] = { full: ["✖ full: ", "no"], warn: ["⚠ nearly full: ", "warn"] }[place.level] || ["", ""];
    const of = place.capacity ? " of " + number(place.capacity) : "";
    const warn = place.warn_at ? ", warns at " + number(place.warn_at) : "";
    row.insertCell().textContent = mark + (place.name || "zone " + place.zone) + warn;
    row.insertCell().textContent = number(place.inside) + of;
    row.className = kind;
    return row;
  }));
}

// A table of names and how each is; without a row it is not there.
function showOthers(id, rows) {
  byId(id).parentElement.hidden = rows.length === 0;
  byId(id).tBodies[0].replaceChildren(...rows.map(([name, kind, said]) => {
    const row = document.createElement("tr");
    row.insertCell().textContent = name;
    put(row.insertCell(), { yes: "✔ ", no: "✖ ", warn: "⚠ ", wait: "" }[kind] + said, kind);
    return row;
  }));
}

function showTills(tills) {
  showOthers("tills", tills.map((till) => {
    const shift = till.shift_open ? "shift " + till.shift + " open" : "no shift open";
    const training = till.training ? ", training" : "";
    const kind = { ready: "yes", away: "no", none: "wait" }[till.reader];
    const reader = { ready: "reader there, ", away: "reader away: check its cable; ", none: "no reader, " }[till.reader];
    return [till.till + " · " + till.name, kind, reader + shift + training];
  }));
}

function showSiblings(siblings) {
  showOthers("siblings", siblings.map((one) => {
    if (one.revoked) return [one.name, "wait", "revoked"];
    const heard = one.heard_s === null ? "never heard" : "heard " + span(one.heard_s) + " ago";
    const through = one.heard_through ? " through " + one.heard_through : "";
    const waiting = one.waiting ? ", " + number(one.waiting) + " facts of ours wait" : "";
    if (one.connected) return [one.name, "yes", "connected, " + heard + waiting];
    return [one.name, through ? "warn" : "no", heard + through + waiting + (one.problem ? "; " + one.problem : "")];
  }));
}

async function askTills() {
  const answer = await fetch("/v1/tills", { signal: AbortSignal.timeout(ANSWER_MS), cache: "no-store" });
  showTills(answer.ok ? (await answer.json()).tills : []); // not everybody who looks here may see tills
}

async function askInside() {
  const now = performance.now();
  if (now - insideAt < INSIDE_MS) return;
  insideAt = now;
  showInside((await ask("/v1/occupancy")).places);
}

function laneBox(lane) {
  const known = byId("lane-" + lane);
  if (known) return known;
  const box = byId("lane").content.firstElementChild.cloneNode(true);
  box.id = "lane-" + lane;
  byId("lanes").append(box);
  return box;
}

function showLane(row) {
  const box = laneBox(row.lane);
  const part = (name) => box.querySelector("." + name);
  put(part("number"), String(row.lane));
  put(part("name"), row.name);
  part("display").href = "/lanes/" + row.lane + "/display";
  put(part("where"), row.gate_name + " · " + ARROWS[row.direction] + (row.barrier ? "" : " · no barrier"));
  if (!row.in_service) put(part("state"), "✖ out of service", "no");
  else if (row.busy) put(part("state"), "◐ somebody may pass", "warn");
  else put(part("state"), "✔ in service", "yes");
  showAnswer(box, row.last, row.last_at_ms);
  part("devices").replaceChildren(...row.devices.map((device) => {
    const item = document.createElement("li");
    const why = device.reason ? ": " + device.reason : "";
    put(item, (device.well ? "✔ " : "✖ ") + device.device + " " + device.state +
      (device.well ? "" : " for " + span(device.since_s) + why), device.well ? "yes" : "no");
    return item;
  }));
}

function showAnswer(box, answer, atMs) {
  const last = box.querySelector(".last");
  const part = (name) => last.querySelector("." + name);
  last.dataset.at = String(atMs);
  put(part("at"), atMs ? ago(atMs) : "");
  if (answer === null) {
    last.classList.add("wait");
    return put(part("verdict"), "– nothing presented yet");
  }
  const admitted = answer.decision === "admitted";
  last.classList.remove("yes", "no", "warn", "wait");
  last.classList.add(admitted ? "yes" : "no");
  const persons = answer.granted > 1 ? " × " + answer.granted : "";
  const again = answer.repeated ? " (again)" : "";
  put(part("verdict"), admitted ? "✔ ADMITTED" + persons + again : "✖ REFUSED: " + words(answer.reason));
  put(part("text"), [answer.text, answer.product].filter(Boolean).join(" · "));
}

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS), cache: "no-store" });
  if (answer.status === 401) location.assign("/signin?to=/");
  if (!answer.ok) throw new Error(path + " answered " + answer.status);
  return answer.json();
}

async function refresh() {
  refreshTimer = null;
  const turn = ++asked;
  try {
    const [now, lanes] = await Promise.all([ask("/v1/status"), ask("/v1/lanes")]);
    if (turn < seen) return; // a later question was quicker
    seen = turn;
    showStatus(now);
    heard();
    lanes.lanes.forEach(showLane);
    const there = new Set(lanes.lanes.map((row) => "lane-" + row.lane));
    byId("lanes-head").hidden = lanes.lanes.length === 0;
    showSiblings(now.siblings);
    [...byId("lanes").children].filter((box) => !there.has(box.id)).forEach((box) => box.remove());
    await askTills();
    await askInside();
  } catch (error) {
    console.warn(String(error));
  }
  showLost();
}

function heard() {
  heardAt = performance.now();
  heardMs = Date.now() + apartMs;
}

function soon() {
  if (refreshTimer === null) refreshTimer = setTimeout(refresh, 500);
}

function decided(event) {
  const answer = JSON.parse(event.data);
  const box = byId("lane-" + answer.lane);
  heard();
  if (box) {
    showAnswer(box, answer, Date.now() + apartMs);
    const last = box.querySelector(".last");
    last.classList.add("new");
    setTimeout(() => last.classList.remove("new"), 600);
  }
  soon();
}

function listen() {
  source = new EventSource("/v1/events");
  source.addEventListener("hello", () => { streaming = true; refresh(); });
  source.addEventListener("decision", decided);
  KINDS.forEach((kind) => source.addEventListener(kind, soon));
  source.addEventListener("dropped", () => { streaming = false; });
  source.onerror = () => {
    streaming = false;
    showLost();
    // The browser tries again by itself after a cut, but not after an answer like 503.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  };
}

function showLost() {
  const lost = !streaming || performance.now() - heardAt > SILENT_MS;
  const begun = heardAt > 0;
  byId("lost").hidden = !lost || (!begun && performance.now() < AGAIN_MS);
  document.body.classList.toggle("stale", lost && begun);
  const since = begun ? "What you see is from " + new Date(heardMs).toLocaleTimeString("en-GB") +
    ". It does not change until the gateway answers." : "The gateway does not answer.";
  put(byId("lost-since"), since);
  if (lost && begun) put(byId("ready"), "… unknown", "wait");
}

setInterval(() => {
  document.querySelectorAll(".last").forEach((last) => {
    const at = Number(last.dataset.at);
    if (at) put(last.querySelector(".at"), ago(at));
  });
  showLost();
}, 1000);
setInterval(refresh, POLL_MS);
listen();
