// Sound, vibration and shape: what says yes, no and attention without colour.
// Browsers stay silent until somebody touched the page: `ready` tells whether it was.
const TUNES = {                       // frequency in Hz, start and length in seconds
  yes: [[880, 0, .09], [1320, .1, .2]],
  no: [[220, 0, .25], [165, .3, .4]],
  attention: [[660, 0, .1], [660, .16, .1], [660, .32, .1]],
};
const SHAKES = { yes: [60], no: [250, 100, 250], attention: [80, 60, 80, 60, 80] };
const PATHS = {
  yes: "M25 54 L43 72 L76 33",
  no: "M28 28 L72 72 M72 28 L28 72",
  attention: "M34 58V30a6 6 0 0 1 12 0V22a6 6 0 0 1 12 0V28a6 6 0 0 1 12 0V34a6 6 0 0 1 12 0V66 "
    + "C82 84 70 92 56 92 C44 92 38 86 33 78 L20 60 a6 6 0 0 1 10-7 Z",
  idle: "M50 20 V70 M28 50 L50 74 L72 50",
};
const SVG = "http://www.w3.org/2000/svg";
let audio = null;

export function ready() {
  return audio !== null && audio.state === "running";
}

// To be called from a touch or a key; a kiosk may allow it without one.
export async function wake() {
  if (audio === null) audio = new AudioContext();
  if (audio.state !== "running") await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 300))]);
  return ready();
}

export function signal(kind) {
  if (navigator.vibrate && navigator.userActivation?.hasBeenActive) navigator.vibrate(SHAKES[kind]);
  document.body.dataset.signal = kind;
  if (!ready()) return;
  for (const [hertz, start, length] of TUNES[kind]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const from = audio.currentTime + start;
    tone.type = kind === "no" ? "square" : "sine";
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(.35, from);
    volume.gain.exponentialRampToValueAtTime(.01, from + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + length);
  }
}

// A tick in a circle, a cross in an octagon, a hand in a diamond.
export function shape(kind) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "0 0 100 100");
  drawn.setAttribute("class", "shape shape-" + kind);
  drawn.setAttribute("aria-hidden", "true");
  const frames = {
    yes: ["circle", { cx: 50, cy: 50, r: 46 }],
    no: ["polygon", { points: "31,4 69,4 96,31 96,69 69,96 31,96 4,69 4,31" }],
  };
  const parts = frames[kind] ? [frames[kind]] : [];
  parts.push(["path", { d: PATHS[kind] }]);
  for (const [name, attributes] of parts) {
    const part = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => part.setAttribute(key, value));
    drawn.append(part);
  }
  return drawn;
}

// What an answer of the gateway is to the eye and the ear.
export function kindOf(answer) {
  if (answer.decision !== "admitted") return answer.reason === "wait" ? "attention" : "no";
  const marks = answer.marks || [];
  return marks.some((mark) => ["check", "attention", "birthday"].includes(mark)) ? "attention" : "yes";
}

export function hintsOf(answer) {
  const names = { check: "check", attention: "reduced", birthday: "birthday", clock_unsure: "clock",
    exit_unheard: "exit_unheard" };
  return (answer.marks || []).map((mark) => names[mark]).filter(Boolean);
}
