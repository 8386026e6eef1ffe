/* Types that all modules know: what Dash gives a page, and what the dashboard's addresses answer. */

/** Properties to write, by the id of a component; the id of one of several alike is JSON. */
type Changes = Record<string, Record<string, unknown>>;

/** Values of a callback's inputs and states, by "id.property". */
type Inputs = Record<string, any>;

/** A function that Dash calls when one of its inputs changes; `triggered` names those that did. */
type Callback = (inputs: Inputs, triggered: string[]) => Changes | void | Promise<Changes | void>;

interface Window {
    dash_clientside: any;
    dash_component_api: { getLayout(id: unknown): { props: Record<string, unknown> } | undefined };
}

/** Rows of numbers: above 0 for evidence for a class, below 0 against it. */
type Contributions = number[][];

/** Top, left, bottom and right of the area that the cells of a map divide, as shares of the photo. */
type Extent = [number, number, number, number];

interface Size {
    width: number;
    height: number;
}

interface ClassAnswer {
    label: string;
    name: string;
    index: number;
    probability: number;
    logit: number;
    bias: number;
    map: Contributions;
}

/**
 * What `POST …/answer` returns. `scale` is the number that stands for a full colour; `temperature` divides the logits
 * before softmax, and is null if it is not known.
 */
interface Answer {
    model: string;
    version: string;
    milliseconds: number;
    makes: { name: string; probability: number }[];
    /** The share of photos like those that the model knows that are less familiar; null if the model does not say. */
    familiarity: number | null;
    is_familiar: boolean;
    classes: ClassAnswer[];
    asked?: ClassAnswer;
    extent: Extent;
    scale: number;
    temperature: number | null;
    sure_above: number;
    measured: Measured | null;
}

/** How many test photos had answers about as confident, and the 95 % interval of the share that was right. */
interface Measured {
    count: number;
    right: number;
    interval: [number, number] | null;
}

interface Choice {
    value: string;
    label: string;
}
