/* What survives a reload of the tab: its photos and answers, but not the files that were still to be sent. */
window.photoMemory = (() => {
    const KEPT_AS = "photo-session";
    let leaving = false; // requests that end with the page must not change what it leaves behind

    window.addEventListener("pagehide", () => (leaving = true));
    window.addEventListener("pageshow", () => (leaving = false));

    function keep(entries, current, nextKey) {
        if (leaving) return;
        const kept = entries.filter((entry) => entry.photo || entry.sample).map(({ file, ...rest }) => rest);
        const unsent = entries.length - kept.length;
        try {
            const content = { entries: kept, unsent, current: current && current.key, nextKey };
            sessionStorage.setItem(KEPT_AS, JSON.stringify(content));
        } catch {
            sessionStorage.removeItem(KEPT_AS); // no room: the list lives as long as the page
        }
    }

    /* What was kept: entries, those under way waiting again; how many were unsent; the shown entry's key; nextKey. */
    function restore() {
        const kept = JSON.parse(sessionStorage.getItem(KEPT_AS) || "null");
        if (!kept) return { entries: [], unsent: 0, current: null, nextKey: 1 };
        for (const entry of kept.entries) if (["sending", "asking"].includes(entry.state)) entry.state = "waiting";
        return kept;
    }

    return { keep, restore };
})();

/* What is said of photos that the tab lost or did not take. */
window.photoSentences = (() => {
    const counted = (count, verb) => (count === 1 ? `1 photo ${verb[0]}` : `${count} photos ${verb[1]}`);
    const again = (count) => `choose ${count === 1 ? "it" : "them"} again.`;
    const unsent = (count) =>
        `${counted(count, ["had", "had"])} not been sent when the page was loaded again; ${again(count)}`;
    const over = (count) => `${counted(count, ["is", "are"])} no longer kept by the server; ${again(count)}`;
    const leftOut = (count, most) =>
        `The list holds ${most} photos: ${counted(count, ["was", "were"])} left out. ` +
        `Remove some from the list, then ${again(count)}`;

    return { unsent, over, leftOut };
})();
