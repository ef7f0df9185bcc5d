// A page whose scripts or looks did not all arrive is nothing but a blank: it is loaded anew as soon
// as the gateway answers. Before that a browser would only show its own words.
"use strict";
{
  const AGAIN_MS = 1000;
  let waits = false;

  async function loadAnew() {
    try {
      await fetch(location.pathname, { signal: AbortSignal.timeout(8000), cache: "no-store" });
      location.reload();
    } catch {
      setTimeout(loadAnew, AGAIN_MS);
    }
  }

  addEventListener("error", (event) => {
    if (waits || !(event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement)) return;
    waits = true;
    setTimeout(loadAnew, AGAIN_MS);
  }, true);
}
