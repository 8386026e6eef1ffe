/* The header: how the model server is, asked of our own server every few seconds. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.shell = {
    status: async () => {
        let status;
        try {
            status = await (await fetch("/status")).json();
        } catch {
            status = { state: "down", text: "Dashboard ended" };
        }
        return [status.text, `status status-${status.state}`];
    },
};
