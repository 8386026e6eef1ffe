/* Numbers as people read them. */
window.numbers = (() => {
    const count = new Intl.NumberFormat("en").format;

    /* "1 photo", "1,200 photos" */
    const counted = (value, name) => `${count(value)} ${name}${value === 1 ? "" : "s"}`;

    /* A probability with one decimal; only what is certain reads as 0% or 100%. */
    function percent(probability) {
        const value = 100 * probability;
        if (value > 0 && value < 0.1) return "< 0.1%";
        if (value >= 99.95) return value === 100 ? "100%" : "> 99.9%";
        return `${value.toFixed(1)}%`;
    }

    return { count, counted, percent };
})();
