import js from "@eslint/js";
import globals from "globals";

export default [
    { ignores: [".venv/", "artefacts/", "build/", "docs/", "site/"] },
    js.configs.recommended,
    {
        files: ["dashboard/assets/**/*.{js,mjs}"],
        languageOptions: { globals: globals.browser },
        rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" },
    },
    { files: ["dashboard/assets/*.js"], languageOptions: { sourceType: "script" } },
    { files: ["tests/scripts/**/*.mjs"], languageOptions: { globals: globals.node } },
];
