// A till without a hand on the screen: 1–9 the first articles, Enter pays by band, C cash, K card,
// Backspace takes back. On a result Enter is its first button and Escape the last one.
const byId = (id) => document.getElementById(id);
const KEYS = { Enter: "band", c: "cash", k: "card", Backspace: "undo", Delete: "clear", m: "menu" };
// Who presses Enter twice answers no question that came up in between.
const READ_MS = 400;

export function listenToKeys(sheet, shown) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || sheet.open || byId("sell").hidden) return;
    if (shown.open) onResult(event, shown);
    else if (onTill(event)) event.preventDefault();
  });
}

function onResult(event, shown) {
  if (shown.next && /^[1-9]$/.test(event.key)) { // the next guest's
    shown.next();
    onTill(event);
    return;
  }
  if (event.key === "Escape") byId("work-acts").lastElementChild?.click();
  if (event.key !== "Enter" || event.repeat) return;
  const unread = byId("work").dataset.state === "asking" && performance.now() - shown.since < READ_MS;
  if (unread) event.preventDefault(); // also where the button itself has the focus
  else if (!event.target.matches("button")) byId("work-acts").firstElementChild?.click();
}

function onTill(event) {
  if (/^[1-9]$/.test(event.key)) byId("grid").children[Number(event.key) - 1]?.click();
  else if (event.key === "Enter" && event.target.matches("button")) return false;
  else if (KEYS[event.key] && !event.repeat) byId(KEYS[event.key]).click();
  else return false;
  return true;
}
