// What the gateway says by itself, and what of the page can be reached just now.
const AGAIN_MS = 1000;

export class Live {
  constructor() {
    this.source = null;
  }

  // `told`: what happens when the till's state, the articles or a work changed.
  listen(till, told) {
    this.close();
    const source = this.source = new EventSource("/v1/events");
    const mine = (event, act) => {
      const said = JSON.parse(event.data);
      if (said.till === till) act(said);
    };
    for (const name of ["till_shift", "till_reader"]) source.addEventListener(name, (event) => mine(event, told.state));
    source.addEventListener("till", (event) => mine(event, (said) => told.work(said.work)));
    // With `hello` a gap ends: what was told meanwhile is asked for.
    for (const name of ["hello", "bundle"]) source.addEventListener(name, told.grid);
    // The browser tries again by itself after a cut, but not after an answer like 503.
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => { if (source === this.source) this.listen(till, told); }, AGAIN_MS);
    };
  }

  close() {
    this.source?.close();
    this.source = null;
  }
}

// What lies below a sheet is out of reach of keys and of readers of the screen, as it is of fingers.
export function cover(shown, sheet) {
  const set = () => {
    for (const below of document.querySelectorAll("header, main, #refund")) below.inert = shown.open || sheet.open;
    document.getElementById("work").inert = sheet.open;
  };
  new MutationObserver(set).observe(document.body, { subtree: true, attributeFilter: ["hidden"] });
}
