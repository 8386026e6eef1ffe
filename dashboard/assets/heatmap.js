/* Heatmaps: a small grid of numbers becomes a smooth, coloured layer over a photo.

   The numbers are interpolated and only then coloured. Scaling up a small coloured picture instead
   would blend colours, and show values that are nowhere in the map. */
window.evidenceMap = (() => {
    // "inferno", told apart by every kind of colour vision and still ordered in grey. Low to high.
    const COLOURS = [
        [0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85],
        [227, 89, 51], [249, 140, 10], [249, 201, 50], [252, 255, 164],
    ];
    const STEPS = 256;
    const TABLE = makeTable();
    const SHORTEST_CANVAS = 640; // so that a tiny photo, shown large, still gets a smooth map

    /* Red, green, blue and alpha for values 0..1. Cold is see-through: the photo stays visible. */
    function makeTable() {
        const table = new Uint8ClampedArray(STEPS * 4);
        for (let step = 0; step < STEPS; step++) {
            const value = step / (STEPS - 1);
            // The darkest part of the scale is skipped: near black says nothing over a photo.
            const place = (0.25 + 0.75 * value) * (COLOURS.length - 1);
            const low = Math.min(Math.floor(place), COLOURS.length - 2);
            for (let channel = 0; channel < 3; channel++) {
                const [from, to] = [COLOURS[low][channel], COLOURS[low + 1][channel]];
                table[4 * step + channel] = from + (to - from) * (place - low);
            }
            table[4 * step + 3] = 220 * Math.min(1, 1.4 * value ** 0.9); // never hides the photo
        }
        return table;
    }

    /* For each of `size` pixels along one side: the four cells around it and their weights
       (Catmull-Rom, which passes through the cells' own values at their centres). The cells divide
       the part from `low` to `high` of the side evenly; it may reach beyond 0 and 1. */
    function cubicWeights(cells, size, low, high) {
        const index = new Int32Array(size * 4);
        const weight = new Float32Array(size * 4);
        for (let pixel = 0; pixel < size; pixel++) {
            const place = (((pixel + 0.5) / size - low) / (high - low)) * cells - 0.5;
            const cell = Math.floor(place);
            const t = place - cell;
            const weights = [
                ((-0.5 * t + 1) * t - 0.5) * t,
                (1.5 * t - 2.5) * t * t + 1,
                ((-1.5 * t + 2) * t + 0.5) * t,
                (0.5 * t - 0.5) * t * t,
            ];
            for (let tap = 0; tap < 4; tap++) {
                index[4 * pixel + tap] = Math.min(Math.max(cell - 1 + tap, 0), cells - 1);
                weight[4 * pixel + tap] = weights[tap];
            }
        }
        return { index, weight };
    }

    /* A grid of rows of numbers, as width x height numbers, row by row. */
    function upsample(rows, extent, width, height) {
        const [top, left, bottom, right] = extent;
        const across = cubicWeights(rows[0].length, width, left, right);
        const down = cubicWeights(rows.length, height, top, bottom);
        const wide = rows.map((row) => {
            const line = new Float32Array(width);
            for (let x = 0; x < width; x++) {
                const k = 4 * x;
                line[x] =
                    across.weight[k] * row[across.index[k]] +
                    across.weight[k + 1] * row[across.index[k + 1]] +
                    across.weight[k + 2] * row[across.index[k + 2]] +
                    across.weight[k + 3] * row[across.index[k + 3]];
            }
            return line;
        });
        const values = new Float32Array(width * height);
        for (let y = 0; y < height; y++) {
            const k = 4 * y;
            const [a, b, c, d] = [0, 1, 2, 3].map((tap) => wide[down.index[k + tap]]);
            const [wa, wb, wc, wd] = down.weight.subarray(k, k + 4);
            for (let x = 0; x < width; x++) {
                values[y * width + x] = wa * a[x] + wb * b[x] + wc * c[x] + wd * d[x];
            }
        }
        return values;
    }

    function colour(canvas, values) {
        const context = canvas.getContext("2d");
        const image = context.createImageData(canvas.width, canvas.height);
        for (let i = 0; i < values.length; i++) {
            const value = Math.min(Math.max(values[i], 0), 1);
            const entry = 4 * Math.round(value * (STEPS - 1));
            image.data[4 * i] = TABLE[entry];
            image.data[4 * i + 1] = TABLE[entry + 1];
            image.data[4 * i + 2] = TABLE[entry + 2];
            image.data[4 * i + 3] = TABLE[entry + 3];
        }
        context.putImageData(image, 0, 0);
    }

    /* Draws a map (rows of numbers, evidence for above 0, at most 1) at the photo's own resolution.
       `extent` is the area that its cells divide: top, left, bottom, right, as shares of the photo. */
    function paint(canvas, rows, extent, photo) {
        const scale = Math.max(1, SHORTEST_CANVAS / Math.max(photo.width, photo.height));
        canvas.width = Math.max(1, Math.round(photo.width * scale));
        canvas.height = Math.max(1, Math.round(photo.height * scale));
        colour(canvas, upsample(rows, extent, canvas.width, canvas.height));
    }

    function clear(canvas) {
        canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    }

    /* The scale from nothing to much, left to right. */
    function paintLegend(canvas) {
        const values = new Float32Array(canvas.width * canvas.height);
        colour(canvas, values.map((_, i) => (i % canvas.width) / (canvas.width - 1)));
    }

    return { paint, clear, paintLegend };
})();
