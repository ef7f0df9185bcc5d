"use strict";
// Asks again every two seconds; a tab that nobody looks at does not ask.
const EVERY_MS = 2000;

function row(cells) {
  const tr = document.createElement("tr");
  for (const cell of cells) {
    const td = document.createElement("td");
    td.textContent = cell.text ?? cell;
    if (cell.bad) td.className = "bad";
    tr.append(td);
  }
  return tr;
}

function age(ms) {
  if (ms === null) return "never";
  const s = Math.max(0, Math.round(ms / 1000));
  return s < 120 ? `${s} s ago` : s < 7200 ? `${Math.round(s / 60)} min ago` : `${Math.round(s / 3600)} h ago`;
}

function state(gateway) {
  if (gateway.revoked) return { text: "revoked", bad: true };
  if (gateway.quarantine) return { text: `quarantine: ${gateway.quarantine}`, bad: true };
  return gateway.facts ? "ok" : "waiting for its first block";
}

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function refresh() {
  const told = document.getElementById("state");
  try {
    const [lag, seen] = await Promise.all([
      ask("/v1/ops/gateways"), ask("/v1/ops/admissions?limit=0"),
    ]);
    document.getElementById("gateways").replaceChildren(...lag.gateways.map((g) => row([
      g.index, g.name, g.facts, age(g.receipt_age_ms),
      g.delay_ms === null ? "–" : `${g.delay_ms} ms`, state(g),
    ])));
    document.getElementById("gates").replaceChildren(...seen.gates.map((g) => row([
      g.name ? `${g.gate} ${g.name}` : g.gate, g.admitted, g.granted,
      Object.values(g.refused).reduce((sum, n) => sum + n, 0),
      g.last_ms === null ? "–" : age(lag.now_ms - g.last_ms),
    ])));
    const doubles = document.getElementById("doubles");
    doubles.textContent = seen.doubles.length ? `${seen.doubles.length} tickets let in more than they are for` : "";
    doubles.className = "bad";
    told.textContent = `as of ${new Date(lag.now_ms).toLocaleTimeString()}`;
    told.className = "";
  } catch (error) {
    told.textContent = `no answer (${error.message}); what you see is old`;
    told.className = "bad";
  }
}

setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
refresh();
