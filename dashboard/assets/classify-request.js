/* How the same is asked from elsewhere: the page's address, and a command for a terminal. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.classify_request = (() => {
    /* Only sample photos have an address that others can open. */
    function show(data, choice, versusLabel) {
        const photo = data && data.answer ? data.photo : null;
        const chosen = photo && window.classifyPage.inRow(data, Number(choice));
        // The photo that an address asked for may still be on its way.
        if (data && data.phase !== "sending") {
            const wishes = data.wishes || {};
            const shown = chosen ? { car: choice !== "0" && chosen.label, versus: versusLabel } : wishes;
            window.history.replaceState(window.history.state, "", addressOf(data.photo && data.photo.sample, shown));
        }
        if (!photo) return ["", true, true];
        const isLikely = Number(choice) < window.classifyPage.LIKELY;
        return [curl(photo, isLikely ? -1 : chosen.index, data.answer.model), false, !photo.sample];
    }

    function addressOf(sample, { car, versus }) {
        const address = new URL(window.location.pathname, window.location.origin);
        if (!sample) return address;
        address.searchParams.set("sample", sample);
        if (car) address.searchParams.set("car", car);
        if (versus) address.searchParams.set("versus", versus);
        return address;
    }

    function curl(photo, classIndex, model) {
        const { modelServer: server, modelLabel: label } = document.getElementById("classify").dataset;
        const address = `${server}/v1/models/${model}${label ? `/labels/${label}` : ""}:predict`;
        return [
            `curl -s -o photo.jpg '${window.location.origin}${photo.src}'`,
            `{ printf '{"signature_name": "explain", "instances": [{"class_index": ${classIndex}, "image_bytes": {"b64": "'`,
            "  base64 < photo.jpg | tr -d '\\n'",
            `  printf '"}}]}'; } | curl -s -d @- '${address}'`,
        ].join("\n");
    }

    document.addEventListener("click", async (event) => {
        const wanted = event.target.closest("#copy-curl, #copy-link");
        if (!wanted) return;
        const text = wanted.id === "copy-curl" ? document.getElementById("curl").textContent : window.location.href;
        const said = document.getElementById("copied");
        try {
            await navigator.clipboard.writeText(text);
            said.textContent = "Copied.";
        } catch {
            said.textContent = wanted.id === "copy-link" ? text : "Mark the command and copy it: the browser does not allow it here.";
        }
    });

    return { show };
})();
