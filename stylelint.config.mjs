export default {
    extends: "stylelint-config-recommended",
    rules: {
        // States of a page are written before the parts that they hide; specificity alone decides, as it should.
        "no-descending-specificity": null,
    },
};
