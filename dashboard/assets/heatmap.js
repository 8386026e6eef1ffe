/* Heatmaps: a small grid of numbers becomes a smooth, coloured layer over a photo.

   The numbers are interpolated and only then coloured. Scaling up a small coloured picture instead
   would blend colours, and show values that are nowhere in the map. */
window.evidenceMap = (() => {
    // Low to high, from Matplotlib's colour maps. All but "turbo" can be told apart by every kind of colour vision.
    const PALETTES = {
        inferno: [
            [0, 0, 4], [33, 12, 74], [87, 16, 110], [138, 34, 106], [188, 55, 84],
            [228, 90, 49], [249, 142, 9], [249, 203, 53], [252, 255, 164],
        ],
        viridis: [
            [68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140],
            [40, 174, 128], [94, 201, 98], [173, 220, 48], [253, 231, 37],
        ],
        cividis: [
            [0, 34, 78], [26, 56, 111], [67, 78, 108], [97, 101, 111], [125, 124, 120],
            [155, 148, 118], [188, 174, 108], [222, 201, 88], [254, 232, 56],
        ],
        turbo: [
            [48, 18, 59], [70, 107, 227], [40, 188, 235], [50, 242, 152], [164, 252, 60],
            [238, 207, 58], [251, 126, 33], [208, 47, 5], [122, 4, 3],
        ],
    };
    const DEFAULT_PALETTE = "inferno";
    const SKIPPED = { inferno: 0.25, viridis: 0, cividis: 0.15, turbo: 0 }; // near black says nothing over a photo
    // Vermilion and blue of Okabe and Ito: evidence for and against, told apart by every kind of colour vision.
    const FOR = [213, 94, 0];
    const AGAINST = [0, 114, 178];
    const STEPS = 256; // of a table; for signed maps half of them are on either side of zero
    const SHORTEST_CANVAS = 640; // so that a tiny photo, shown large, still gets a smooth map
    const tables = new Map();

    const opacity = (value) => 220 * Math.min(1, 1.4 * value ** 0.9); // never hides the photo

    /* Red, green, blue and alpha for values 0..1. Cold is see-through: the photo stays visible. */
    function sequentialTable(name) {
        const colours = PALETTES[name];
        const table = new Uint8ClampedArray(STEPS * 4);
        for (let step = 0; step < STEPS; step++) {
            const value = step / (STEPS - 1);
            const place = (SKIPPED[name] + (1 - SKIPPED[name]) * value) * (colours.length - 1);
            const low = Math.min(Math.floor(place), colours.length - 2);
            for (let channel = 0; channel < 3; channel++) {
                const [from, to] = [colours[low][channel], colours[low + 1][channel]];
                table[4 * step + channel] = from + (to - from) * (place - low);
            }
            table[4 * step + 3] = opacity(value);
        }
        return table;
    }

    /* The same for values -1..1: zero, in the middle, is see-through. */
    function signedTable() {
        const table = new Uint8ClampedArray(STEPS * 4);
        for (let step = 0; step < STEPS; step++) {
            const value = (2 * step) / (STEPS - 1) - 1;
            table.set(value > 0 ? FOR : AGAINST, 4 * step);
            table[4 * step + 3] = opacity(Math.abs(value));
        }
        return table;
    }

    function tableOf(name) {
        if (!tables.has(name)) tables.set(name, name === "signed" ? signedTable() : sequentialTable(name));
        return tables.get(name);
    }

    /* The palette that was chosen on this browser, on whichever page. */
    function palette() {
        const kept = localStorage.getItem("heatmap-palette");
        return kept in PALETTES ? kept : DEFAULT_PALETTE;
    }

    function choosePalette(name) {
        if (name in PALETTES) localStorage.setItem("heatmap-palette", name);
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

    /* Values at most 1 become pixels; those of a signed map are at least -1, those of another below 0 show nothing. */
    function colour(canvas, values, signed) {
        const context = canvas.getContext("2d");
        const image = context.createImageData(canvas.width, canvas.height);
        const table = tableOf(signed ? "signed" : palette());
        for (let i = 0; i < values.length; i++) {
            const value = Math.min(Math.max(signed ? (values[i] + 1) / 2 : values[i], 0), 1);
            const entry = 4 * Math.round(value * (STEPS - 1));
            image.data[4 * i] = table[entry];
            image.data[4 * i + 1] = table[entry + 1];
            image.data[4 * i + 2] = table[entry + 2];
            image.data[4 * i + 3] = table[entry + 3];
        }
        context.putImageData(image, 0, 0);
    }

    /* Draws a map at the photo's own resolution.

       rows: rows of numbers, above 0 for evidence for, below 0 against
       extent: the area that its cells divide: top, left, bottom, right, as shares of the photo
       photo: its width and height
       options: scale, the number that stands for a full colour; signed, whether evidence against is drawn too */
    function paint(canvas, rows, extent, photo, { scale = 1, signed = false } = {}) {
        const zoom = Math.max(1, SHORTEST_CANVAS / Math.max(photo.width, photo.height));
        canvas.width = Math.max(1, Math.round(photo.width * zoom));
        canvas.height = Math.max(1, Math.round(photo.height * zoom));
        const shares = rows.map((row) => row.map((cell) => cell / scale));
        colour(canvas, upsample(shares, extent, canvas.width, canvas.height), signed);
    }

    function clear(canvas) {
        canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    }

    /* The scale, left to right: from nothing to much, or from much against to much for. */
    function paintLegend(canvas, signed = false) {
        const shares = Float32Array.from(
            { length: canvas.width * canvas.height },
            (_, i) => (i % canvas.width) / (canvas.width - 1),
        );
        colour(canvas, signed ? shares.map((share) => 2 * share - 1) : shares, signed);
    }

    return { paint, clear, paintLegend, palette, choosePalette, PALETTES: Object.keys(PALETTES) };
})();
