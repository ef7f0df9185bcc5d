// Asking the gateway. A question that got no answer is asked again as it was: every piece of work
// has an id that the gateway knows it by, so asking twice charges once.
const ANSWER_MS = 10000;
// A link that died in silence is found out after WAIT_S + SLACK_S, not later.
const WAIT_S = 6;
const SLACK_S = 4;
const AGAIN_MS = 1000;

export class SignedOut extends Error {}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// {ok, status, told}. Throws SignedOut, and TypeError or DOMException when nobody answered.
export async function ask(path, body, waitMs = ANSWER_MS, method = "GET") {
  const how = { signal: AbortSignal.timeout(waitMs), cache: "no-store", method };
  if (body !== undefined) {
    how.method = "POST";
    how.headers = { "content-type": "application/json" };
    how.body = JSON.stringify(body);
  }
  const answer = await fetch(path, how);
  if (answer.status === 401) throw new SignedOut();
  const told = await answer.json();
  if (answer.status >= 500 && !told.problem) throw new TypeError("answered " + answer.status);
  return { ok: answer.ok, status: answer.status, told };
}

// The same asked until it is answered; what changes something has an id, by which the gateway does
// it once. null: nobody waits for it any longer.
export async function patient(path, body, lost, wanted = () => true, method = undefined) {
  while (wanted()) {
    try {
      const answer = await ask(path, body, ANSWER_MS, method);
      lost(false);
      return answer;
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      console.warn(String(error));
      lost(true);
      await pause(AGAIN_MS);
    }
  }
  return null;
}

// What was asked for and has not ended; it outlives a reload.
export const pending = {
  get: () => JSON.parse(sessionStorage.getItem("till_work") || "null"),
  set: (what) => (what ? sessionStorage.setItem("till_work", JSON.stringify(what))
    : sessionStorage.removeItem("till_work")),
};

// Answers in the order of their questions: one that is overtaken says nothing any more (null).
export class Latest {
  constructor() {
    this.asked = 0;
    this.seen = 0;
  }

  async of(path) {
    const turn = ++this.asked;
    const answer = await ask(path);
    if (turn < this.seen) return null;
    this.seen = turn;
    return answer;
  }

  // Whatever is on its way is of something else.
  drop() {
    this.seen = ++this.asked;
  }
}

export const ENDED = new Set(["paid", "done", "not_paid", "not_done", "in_doubt", "cancelled"]);

// Work that a guest has to do something for: asked for until it has ended or `given` says so.
// `shown` gets every state, `lost` whether the gateway answers.
export class Asking {
  constructor(path, body, shown, lost) {
    this.path = path;
    this.body = body;
    this.shown = shown;
    this.lost = lost;
    this.stopped = false;
  }

  // The last state, a problem of the gateway as {problem…}, or null when it was stopped.
  async end() {
    // First without waiting, so that the guest is told at once what to do.
    for (let wait = 0; !this.stopped; wait = WAIT_S) {
      try {
        const answer = await ask(`${this.path}?wait=${wait}`, this.body, (WAIT_S + SLACK_S) * 1000);
        this.lost(false);
        if (!answer.ok) return answer.told;
        this.shown(answer.told);
        if (ENDED.has(answer.told.state)) return answer.told;
        if (answer.told.state === "asking") await pause(AGAIN_MS);
      } catch (error) {
        if (error instanceof SignedOut) throw error;
        console.warn(String(error));
        this.lost(true);
        await pause(AGAIN_MS);
      }
    }
    return null;
  }

  // Whether `work`, as events tell it, is what is asked for here.
  is(work) {
    return Boolean(work) && work.id === (this.body.basket || this.body.id) && (work.part || 0) === (this.body.part || 0);
  }

  stop() {
    this.stopped = true;
  }
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
