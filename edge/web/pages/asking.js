// What an answer asks of staff before the same code is shown again: a question, which ticket is
// meant, or whether an order is taken that nobody has paid. Each is a sheet with few big buttons.
// Nothing is sent before all is answered, and nothing at all by whoever says no.
import { button, line, row } from "/desk.js";
import { signal } from "/signals.js";

// A second tap, meant for what stood there before, is no answer.
const SETTLE_MS = 400;

const byId = (id) => document.getElementById(id);

export class Asking {
  constructor(desk, words, language) {
    this.desk = desk;
    this.words = words;
    this.language = language;
  }

  // Whether `answer` asks at once. An unpaid order is a refusal first: taking it is the exception.
  static asks(answer) {
    return Boolean(answer.questions?.length || answer.choices?.length);
  }

  // `shown`: the presentation that was answered. `say` is called with what is to be said beside its
  // code, `no` with the words for why it is not shown again.
  begin(answer, shown, say, no) {
    this.shown = shown;
    this.about = [answer.product, answer.performance, shown.asked.count > 1 ? "× " + shown.asked.count : ""]
      .filter(Boolean).join(" · ");
    this.say = say;
    this.no = no;
    if (answer.questions?.length) this.question(answer.questions, 0);
    else if (answer.choices?.length) this.tickets(answer.choices);
    else this.unpaid();
  }

  question(questions, at) {
    const { words, shown } = this;
    const more = questions.length > 1 ? ` ${at + 1}/${questions.length}` : "";
    const next = () => {
      if (at + 1 < questions.length) return this.question(questions, at + 1);
      this.say({ answers: [...(shown.asked.answers || []), ...questions] });
    };
    this.sheet(words.question + more, questions[at], this.about, [
      this.choice("yes", "✔ " + words.yes_confirmed, next),
      this.choice("no", "✖ " + words.no_not, () => this.no(`${questions[at]} ${words.not_confirmed}`)),
    ], words.not_confirmed);
  }

  tickets(choices) {
    const { words } = this;
    this.sheet(words.which_ticket, words.which_more, "", choices.map((ticket, at) => {
      const made = this.choice("ticket", "", () => this.say({ choice: ticket.identity }));
      const persons = ticket.persons > 1 ? "× " + ticket.persons : "";
      made.append(line("name", [`${at + 1}. ${ticket.product}`, persons].filter(Boolean).join(" · ")),
        line("more", [ticket.performance, this.span(ticket)].filter(Boolean).join(" · ")));
      return made;
    }), words.none_chosen);
  }

  unpaid() {
    const { words } = this;
    this.sheet(words.unpaid, words.take_anyway, [this.about, words.unpaid_more].filter(Boolean).join(" · "), [
      this.choice("yes", "✔ " + words.yes_take, () => this.say({ accept_unpaid: true })),
      this.choice("no", "✖ " + words.no_not, () => this.no(words.not_taken)),
    ], words.not_taken);
  }

  sheet(title, what, more, choices, dropped) {
    const { desk, words } = this;
    const look = this.shown.trial ? "asking trial" : "asking";
    const rows = choices.map((made) => row([made]));
    desk.show(this.shown.trial ? `${words.would}${words.colon} ${title}` : title, what, rows, look,
      () => this.no(dropped));
    byId("desk-more").textContent = more;
    byId("desk-more").hidden = more === "";
    setTimeout(() => choices.forEach((made) => { made.disabled = false; }), SETTLE_MS);
    signal("attention");
  }

  choice(name, label, chosen) {
    const made = button(label, () => { this.desk.close(); chosen(); });
    made.dataset.choice = name;
    made.disabled = true;
    return made;
  }

  span(ticket) {
    const at = (ms) => new Date(ms).toLocaleString(this.language,
      { dateStyle: "medium", timeStyle: "short", hour12: false });
    const { words } = this;
    return [ticket.valid_from_ms ? `${words.from} ${at(ticket.valid_from_ms)}` : "",
      ticket.valid_until_ms ? `${words.until} ${at(ticket.valid_until_ms)}` : ""].filter(Boolean).join(" ");
  }

  // Somebody shows another code meanwhile: it is not taken, and they are told so.
  other(code) {
    if (this.desk.asks && code !== this.shown.code) this.desk.answerFirst();
  }
}
