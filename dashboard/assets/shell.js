/* The header: how the model server is, asked of our own server every few seconds, and which page is open. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.shell = (() => {
    let wasReady = null; // not known yet

    async function status() {
        let status;
        try {
            status = await (await fetch("/status")).json();
        } catch {
            status = { state: "down", text: "Dashboard ended" };
        }
        const isReady = status.state === "ready";
        // What was left without an answer can be asked again now, without a click.
        if (isReady && wasReady === false) document.dispatchEvent(new Event("model-ready"));
        wasReady = isReady;
        return [status.text, `status status-${status.state}`];
    }

    function mark_page(pathname) {
        for (const link of document.querySelectorAll(".nav-link")) {
            if (link.pathname === pathname) link.setAttribute("aria-current", "page");
            else link.removeAttribute("aria-current");
        }
    }

    return { status, mark_page };
})();
