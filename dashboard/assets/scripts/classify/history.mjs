/** The browser's history: each photo that is shown is a step, so that "back" returns to the photo before. */

/**
 * Notes the photo that is shown, and the address that shows it to others.
 *
 * @param {string | undefined} key - of the shown photo
 * @param {URL} address
 * @param {(key: string) => boolean} isListed - whether a photo is still in the list
 */
export function noteStep(key, address, isListed) {
    const before = history.state?.photo;
    const isNext = key !== undefined && before !== undefined && before !== key && isListed(before);
    const state = { ...history.state, photo: key };
    if (isNext) history.pushState(state, "", address);
    else history.replaceState(state, "", address);
}

/**
 * Calls a function with the key of the photo to return to, and the id of its sample, if it is one. Dash would load the
 * page once more instead: it listens too, but after this.
 *
 * @param {() => boolean} isOpen - whether the page with the photos is shown
 * @param {(key: string | undefined, sample: string | null) => void} show
 */
export function onReturn(isOpen, show) {
    globalThis.addEventListener?.(
        "popstate",
        (event) => {
            const address = new URL(location.href);
            if (!isOpen() || address.pathname !== "/" || !event.state?.photo) return;
            event.stopImmediatePropagation();
            show(event.state.photo, address.searchParams.get("sample"));
        },
        true,
    );
}
