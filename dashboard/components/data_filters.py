"""The conditions of a search for photos; the page's address sets them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.photos.dataset import Dataset
from dashboard.photos.search import ANY_GROUP, PhotoSearch

SPLITS = {"train": "Train", "validation": "Validation", "test": "Test"}
SCORE_STEP = 0.05


def filters(dataset: Dataset, search: PhotoSearch) -> html.Div:
    """Returns all conditions; those that make no difference in this data set are hidden.

    Args:
        dataset: Its makes, models, years and so on are offered.
        search: The values of the conditions.
    """
    photos = dataset.photos
    labels = labels_by_make(dataset)
    makes = [entry["group"] for entry in labels if "group" in entry]
    groups = sorted({photo.near_duplicate_group for photo in photos} - {""}, key=lambda name: (len(name), name))
    offered_groups = [{"value": ANY_GROUP, "label": "Has near-duplicates"}]
    offered_groups += [{"value": group, "label": f"Group {group}"} for group in groups]
    conditions = html.Details(
        [
            html.Summary([html.Span("Filters"), html.Span("", id="data-set", className="data-set dimmed")]),
            dcc.Store(id="data-labels", data=labels),
            html.Div(
                [
                    dmc.TextInput(
                        id="data-text",
                        label="Text",
                        placeholder="In the name or the file’s name",
                        value=search.text or "",
                        debounce=300,
                    ),
                    _choice("make", "Make", makes, search.make, hidden=not makes, searchable=True),
                    _choice("label", "Model" if makes else "Class", labels, search.label, searchable=True),
                    _choice("split", "Split", _offered(SPLITS), search.split),
                    _range("years", "Years", [photo.year for photo in photos], 1, (search.year_from, search.year_to)),
                    _range(
                        "scores",
                        "Prefilter score",
                        [0, 1] if any(photo.prefilter_score is not None for photo in photos) else [],
                        SCORE_STEP,
                        (search.score_from, search.score_to),
                    ),
                    _choice(
                        "group", "Near-duplicates", offered_groups, search.group, hidden=not groups, searchable=True
                    ),
                    _choice(
                        "excluded",
                        "Excluded",
                        _offered({"no": "Only photos in use", "yes": "Only excluded photos"}),
                        search.excluded,
                        hidden=len(dataset.kept) == len(photos),
                    ),
                ],
                className="data-filters",
            ),
        ],
        open=True,
    )
    clear = html.Button("Clear all", id="data-clear", type="button", className="data-clear link-button")
    return html.Div([conditions, clear], className="card data-filter-card")


def labels_by_make(dataset: Dataset) -> list[dict[str, Any]]:
    """Returns each make as `group`, with its models as `items`: the label as `value` and its name as `label`.

    Classes without a make come first, as items without a group.
    """
    makes: dict[str, dict[str, str]] = defaultdict(dict)
    for photo in dataset.photos:
        makes[photo.make][photo.label] = photo.name
    alone = _offered(dict(sorted(makes.pop("", {}).items())))
    groups = [{"group": make, "items": _offered(dict(sorted(makes[make].items())))} for make in sorted(makes)]
    return [*alone, *groups]


def _offered(names: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "label": name} for value, name in names.items()]


def _choice(
    name: str, title: str, offered: list[Any], chosen: str | None, *, hidden: bool = False, **options: Any
) -> dmc.Select:
    return dmc.Select(
        id=f"data-{name}",
        label=title,
        placeholder="Any",
        data=offered,
        value=chosen,
        clearable=True,
        clearButtonProps={"aria-label": f"Any {title.lower()}"},
        limit=400,
        nothingFoundMessage="None of that name",
        style={"display": "none"} if hidden else None,
        **options,
    )


def _range(
    name: str, title: str, values: Iterable[float | None], step: float, chosen: tuple[float | None, float | None]
) -> html.Div:
    known = [value for value in values if value is not None]
    is_useful = len(set(known)) > 1
    # A slider needs a length, even a hidden one.
    low, high = (min(known), max(known)) if is_useful else (0, step)
    from_, to = (low if chosen[0] is None else chosen[0], high if chosen[1] is None else chosen[1])
    return html.Div(
        [
            html.Div(
                [html.Span(title), html.Span("", id=f"data-{name}-text", className="dimmed")],
                className="data-range-title",
            ),
            dmc.RangeSlider(
                id=f"data-{name}",
                min=low,
                max=high,
                step=step,
                minRange=0,
                value=[min(max(from_, low), high), max(min(to, high), low)],
                thumbFromLabel=f"{title}: from",
                thumbToLabel=f"{title}: to",
                label=None,
                size="sm",
            ),
        ],
        className="data-range",
        hidden=not is_useful,
    )
