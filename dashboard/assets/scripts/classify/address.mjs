/** Photos by their address on the web: found in what is dropped or pasted, and fetched by the browser, never by the
    server, which could otherwise be made to read addresses inside its own network. */

/**
 * The address of a photo in what was dropped or pasted: of an image dragged from another page, of a link, or a text.
 *
 * @param {Pick<DataTransfer, "getData">} transfer
 * @returns {string | null}
 */
export function addressIn(transfer) {
    const image = /<img\b[^>]*?\ssrc\s*=\s*["']([^"']+)["']/i.exec(transfer.getData("text/html"));
    const links = transfer.getData("text/uri-list").split(/\r?\n/);
    const candidates = [
        image && image[1].replaceAll("&amp;", "&"),
        links.find((line) => line && !line.startsWith("#")),
        transfer.getData("text/plain").trim(),
    ];
    return candidates.find((text) => text && /^(https?:\/\/\S+|data:image\/\S+)$/i.test(text)) || null;
}

/** A name for the list: the end of the address. @param {string} address */
export function nameIn(address) {
    if (address.startsWith("data:")) return "Photo";
    const { hostname, pathname } = new URL(address);
    const end = pathname.split("/").pop() || "";
    try {
        return decodeURIComponent(end) || hostname;
    } catch {
        return end; // a lone percent sign
    }
}

/**
 * Fetches a photo. The policy of the page lets it reach https addresses only.
 *
 * @param {string} address
 * @returns {Promise<Blob>}
 * @throws {Error} with a sentence, if the other side does not let this page have the photo
 */
export async function fetchPhoto(address) {
    const url = new URL(address);
    if (url.protocol === "http:" && url.origin !== location.origin) url.protocol = "https:";
    const site = url.hostname || "The address";
    let response;
    try {
        response = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer" });
    } catch {
        throw new Error(`${site} does not let this page fetch the photo. Save the photo, then drop its file here.`);
    }
    if (!response.ok) {
        throw new Error(`${site} has no photo at this address (error ${response.status}). Check the address.`);
    }
    const photo = await response.blob();
    if (!photo.type.startsWith("image/")) {
        throw new Error(`At this address is a page and not a photo. Open it, save the photo, then drop its file here.`);
    }
    return photo;
}
