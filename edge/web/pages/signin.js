// Signing in; then back to the page that asked for it. The PIN is kept nowhere.
import { WORDS, ownLanguage, speak } from "/words.js";

const PAGES = /^\/(handheld|till|lanes\/[0-9]{1,5}\/display)?$/;
const t = ownLanguage();
const byId = (id) => document.getElementById(id);
const wanted = new URLSearchParams(location.search).get("to") || "/handheld";
const to = PAGES.test(wanted) ? wanted : "/handheld";
// A till's page knows its till; so staff may hold their badge to that till's reader.
const till = to === "/till" ? new URLSearchParams(location.search).get("till") || sessionStorage.getItem("till") || localStorage.getItem("till") || "" : "";
const TAP_S = 25;

function wrong(words) {
  byId("wrong").textContent = "✖ " + words;
  byId("wrong").hidden = false;
}

function busy(is) {
  byId("go").disabled = byId("tap").disabled = is;
  byId("hold").hidden = true;
  if (is) byId("wrong").hidden = true;
}

// The reader is asked for no longer than somebody stands here.
async function tapBadge() {
  busy(true);
  byId("hold").textContent = "◉ " + WORDS[t].hold_badge;
  byId("hold").hidden = false;
  try {
    const answer = await fetch(`/v1/tills/${till}/sign-in`, {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ wait: TAP_S }), signal: AbortSignal.timeout((TAP_S + 8) * 1000),
    });
    if (answer.ok) {
      sessionStorage.setItem("till", till);
      return location.replace(to);
    }
    const { problem } = await answer.json();
    if (problem === "no_sign_in") return location.replace(to);
    if (answer.status === 429) wrong(WORDS[t].locked + answer.headers.get("retry-after") + " s");
    else wrong(WORDS[t][BADGE[problem]] || WORDS[t].problem);
  } catch {
    wrong(WORDS[t].no_answer);
  }
  return busy(false);
}

const BADGE = {
  wrong_band: "wrong_badge", band_too_weak: "weak_badge", no_band: "no_badge", busy: "busy_badge",
  not_paired: "not_paired", no_reader: "no_reader_badge", no_bands: "no_reader_badge", unknown_till: "no_reader_badge",
};

async function signIn(event) {
  event.preventDefault();
  busy(true);
  const name = byId("name").value.trim();
  try {
    const answer = await fetch("/v1/session", {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, pin: byId("pin").value }), signal: AbortSignal.timeout(8000),
    });
    if (answer.ok) {
      localStorage.setItem("name", name);
      return location.replace(to);
    }
    if (answer.status === 429) wrong(WORDS[t].locked + answer.headers.get("retry-after") + " s");
    else if (answer.status === 404) return location.replace(to);
    else wrong(WORDS[t].wrong_pin);
    byId("pin").value = "";
    byId("pin").focus();
  } catch {
    wrong(WORDS[t].no_answer);
  }
  busy(false);
}

document.documentElement.lang = t;
speak(document, t);
// On a slow tablet somebody types before this script runs: what stands there stays, and nothing is
// sent before it is sent from here (the browser itself would write the PIN into the address).
if (!byId("form").contains(document.activeElement)) {
  byId("name").value ||= localStorage.getItem("name") || "";
  byId(byId("name").value ? "pin" : "name").focus();
}
byId("form").addEventListener("submit", signIn);
byId("go").disabled = false;
byId("tap").hidden = !/^[0-9]{1,5}$/.test(till);
byId("tap").addEventListener("click", tapBadge);

// Which gateway this is; on a bad network it is asked until it says so.
async function greet() {
  try {
    const answer = await fetch("/v1/session", { signal: AbortSignal.timeout(8000), cache: "no-store" });
    byId("gateway").textContent = (await answer.json()).gateway;
    if (byId("wrong").textContent.endsWith(WORDS[t].no_answer)) byId("wrong").hidden = true;
  } catch {
    if (!byId("go").disabled) wrong(WORDS[t].no_answer);
    setTimeout(greet, 2000);
  }
}

greet();
