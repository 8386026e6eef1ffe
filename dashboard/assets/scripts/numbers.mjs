/** Numbers as people read them. */

export const count = new Intl.NumberFormat("en").format;

/** "1 photo", "1,200 photos". @type {(value: number, name: string) => string} */
export const counted = (value, name) => `${count(value)} ${name}${value === 1 ? "" : "s"}`;

/** A probability with one decimal; only what is certain reads as 0% or 100%. @param {number} probability */
export function percent(probability) {
    const value = 100 * probability;
    if (value > 0 && value < 0.1) return "< 0.1%";
    if (value >= 99.95) return value === 100 ? "100%" : "> 99.9%";
    return `${value.toFixed(1)}%`;
}

/** Minutes and seconds. @param {number} seconds */
export const duration = (seconds) =>
    seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

/** Points of the game, which has halves. @param {number} number */
export function points(number) {
    const whole = Math.floor(number);
    return whole === number ? String(number) : `${whole || ""}\u00bd`;
}
