// Signing in; then back to the page that asked for it. The PIN is kept nowhere.
import { WORDS, ownLanguage, speak } from "/words.js";

const PAGES = /^\/(handheld|till|lanes\/[0-9]{1,5}\/display)?$/;
const t = ownLanguage();
const byId = (id) => document.getElementById(id);
const wanted = new URLSearchParams(location.search).get("to") || "/handheld";
const to = PAGES.test(wanted) ? wanted : "/handheld";

function wrong(words) {
  byId("wrong").textContent = "✖ " + words;
  byId("wrong").hidden = false;
}

async function signIn(event) {
  event.preventDefault();
  byId("go").disabled = true;
  byId("wrong").hidden = true;
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
  byId("go").disabled = false;
}

document.documentElement.lang = t;
speak(document, t);
byId("name").value = localStorage.getItem("name") || "";
byId(byId("name").value ? "pin" : "name").focus();
byId("form").addEventListener("submit", signIn);
fetch("/v1/session").then((answer) => answer.json()).then((now) => {
  byId("gateway").textContent = now.gateway;
}).catch(() => wrong(WORDS[t].no_answer));
