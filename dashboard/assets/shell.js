/* The header: how the model server is, asked of our own server every few seconds, and which page is open. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.shell = (() => {
    let wasReady = null; // not known yet
    let looking = null; // a promise while a look is under way

    async function look() {
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

    function status() {
        looking = looking || look().finally(() => (looking = null));
        return looking;
    }

    /* A request failed for want of the model: the header must not go on saying that all is well. */
    document.addEventListener("model-trouble", async () => {
        if (looking) return;
        const [children, className] = await status();
        window.dash_clientside.set_props("status", { children, className });
    });

    function mark_page(pathname) {
        for (const link of document.querySelectorAll(".nav-link")) {
            if (link.pathname === pathname) link.setAttribute("aria-current", "page");
            else link.removeAttribute("aria-current");
        }
    }

    return { status, mark_page };
})();
