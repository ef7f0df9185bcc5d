// Amounts as people read and type them. They are integers in minor units; nothing here divides.
export class Money {
  constructor(currency, exponent, language) {
    this.currency = currency;
    this.exponent = exponent;
    const parts = new Intl.NumberFormat(language, { useGrouping: true }).formatToParts(12345.6);
    this.point = parts.find((part) => part.type === "decimal").value;
    this.group = (parts.find((part) => part.type === "group") || { value: "" }).value;
  }

  // 123456 -> "1,234.56"
  plain(minor) {
    const digits = String(Math.abs(minor)).padStart(this.exponent + 1, "0");
    const at = digits.length - this.exponent;
    const whole = digits.slice(0, at).replace(/\B(?=(\d{3})+$)/g, this.group);
    const text = this.exponent ? whole + this.point + digits.slice(at) : whole;
    return (minor < 0 ? "−" : "") + text;
  }

  text(minor) {
    return `${this.plain(minor)} ${this.currency}`;
  }

  // 20 of the currency's units, in minor units
  whole(units) {
    return Number(String(units) + "0".repeat(this.exponent));
  }
}
