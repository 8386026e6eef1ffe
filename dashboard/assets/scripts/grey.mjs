/** Whether a photo below its heatmap is grey, as it was chosen in this browser on any page: some photos have the colours
    of the heatmap. */

const KEPT_AS = "grey-photo";

export const isGrey = () => localStorage.getItem(KEPT_AS) !== "no";

/** @param {boolean} isWanted */
export const setGrey = (isWanted) => localStorage.setItem(KEPT_AS, isWanted ? "yes" : "no");
