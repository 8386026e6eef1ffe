/* Loads the modules in `scripts/` and lets Dash call them.

   Dash puts a script element into the page for each script in this folder, with the file's age in its address
   (`x.mjs?m=1`). A module that another one imports would run twice: once from that address, once from the plain one.
   So Dash is told to ignore the folder `scripts`, this script imports `main.mjs`, and from there on imports are plain
   relative ones. Modules are deferred, but Dash may call a function as soon as its own script runs. So this is a classic
   script, and what it gives Dash at once is a proxy: each function of it waits for the modules.

   No release mixes its modules with those of another: the server lets browsers keep a file only if they ask for each
   use whether it has changed (`Cache-Control: no-cache` and an ETag). */
(() => {
    const scripts = new URL("scripts/", /** @type {HTMLScriptElement} */ (document.currentScript).src);
    const modules = import(new URL("main.mjs", scripts).href);
    /** @type {any} */
    const clientside = (window.dash_clientside = window.dash_clientside || {});

    clientside.scripts = new Proxy(
        {},
        {
            get: (_, /** @type {string} */ name) => async () => {
                // The context is gone as soon as Dash has called the function.
                const { inputs, states, triggered, outputs_list: outputs } = clientside.callback_context;
                const names = triggered.map((/** @type {{ prop_id: string }} */ { prop_id }) => prop_id);
                return (await modules).run(name, { ...inputs, ...states }, names, outputs);
            },
        },
    );
})();
