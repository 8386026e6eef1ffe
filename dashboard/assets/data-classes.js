/* The class histogram of the page "Data": a bar for each class, divided by split, that is a button too. */
window.classBars = (() => {
    const SPLITS = ["train", "validation", "test", "none"];

    /* Rows stay the same elements from one search to the next, so that focus and place are kept.

       holder: the list to draw into
       classes: each with `label`, `name`, `photos` and `splits`, how many photos of each split
       chosen: the label that is searched for, or null */
    function show(holder, classes, chosen) {
        const focused = document.activeElement;
        const place = holder.scrollTop;
        const most = Math.max(...classes.map(({ photos }) => photos), 1);
        holder.rows = holder.rows || new Map();
        const rows = classes.map((entry) => {
            if (!holder.rows.has(entry.label)) holder.rows.set(entry.label, classRow(entry));
            const row = holder.rows.get(entry.label);
            const button = row.firstChild;
            const [, bar, count] = button.children;
            button.setAttribute("aria-pressed", String(entry.label === chosen));
            SPLITS.forEach((split, i) => {
                bar.children[i].style.width = `${(100 * (entry.splits[split] || 0)) / most}%`;
            });
            count.textContent = window.numbers.count(entry.photos);
            button.title = Object.entries(entry.splits).map(([split, photos]) => `${split}: ${photos}`).join(", ");
            return row;
        });
        holder.replaceChildren(...rows);
        holder.scrollTop = place;
        if (holder.contains(focused)) focused.focus({ preventScroll: true });
    }

    function classRow({ label, name }) {
        const row = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.className = "data-class option entry";
        button.dataset.label = label;
        const [title, bar, count] = ["data-class-name", "data-class-bar", "data-class-count"].map((className) => {
            const span = document.createElement("span");
            span.className = className;
            return span;
        });
        title.textContent = name;
        for (const split of SPLITS) {
            const part = document.createElement("span");
            part.className = `data-${split}`;
            bar.append(part);
        }
        button.append(title, bar, count);
        row.append(button);
        return row;
    }

    return { show };
})();
