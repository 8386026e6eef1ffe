"""The plots of the page "Model", and a description of each in words.

Backgrounds are transparent, and `assets/model.css` colours texts and lines, so that a figure follows light and dark
without being redrawn. The colours of data are visible on both.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go  # type: ignore[import-untyped]  # plotly ships no types
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

from dashboard.names import counted, display_name
from dashboard.reports.results import Bin, Calibration, Confusion, Epoch, stages_of

RIGHT = "#2c8ca6"
WRONG = "#d55e00"
FIRST, SECOND, FAINT = "#2c8ca6", "#e08214", "#8a979e"
COUNTS_SHOWN = 20  # classes; with more, the cells of the confusion matrix are too small for numbers
FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"
LONGEST_NAME = 22  # characters beside the confusion matrix
LEGEND = {"orientation": "h", "y": 1, "yanchor": "bottom"}
LEAST_OPACITY = 0.5  # of a cell of the confusion matrix that is not empty

CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "toImage", "autoScale2d"],
    "showSendToCloud": False,
    "plotlyServerURL": "",
}
"""For `dcc.Graph`: without plotly's own link, and without a way to send data anywhere."""


def nothing() -> go.Figure:
    """Returns an empty figure."""
    return _styled(go.Figure()).update_xaxes(visible=False).update_yaxes(visible=False)


def confusion_figure(confusion: Confusion) -> go.Figure:
    """Draws the confusion matrix, with right answers and mistakes in two colours.

    The larger the share of the class's photos, the stronger the colour; even one photo is visible. Empty cells are left
    out.
    """
    labels = confusion.labels
    counts = np.array(confusion.matrix, dtype=np.float32)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    is_diagonal = np.eye(len(labels), dtype=bool)
    is_small = len(labels) <= COUNTS_SHOWN
    figure = go.Figure()
    for is_shown, colour in ((is_diagonal, RIGHT), (~is_diagonal, WRONG)):
        cells = is_shown & (counts > 0)
        figure.add_heatmap(
            x=labels,
            y=labels,
            z=np.where(cells, np.sqrt(shares), np.nan),
            text=np.where(cells, counts.astype(int).astype(str), "") if is_small else counts,
            texttemplate="%{text}" if is_small else None,
            customdata=shares,
            hovertemplate="Really %{y}<br>Answered %{x}<br>Photos: %{text}, %{customdata:.0%} of the row"
            "<extra></extra>",
            colorscale=[[0, _with_opacity(colour, LEAST_OPACITY)], [1, colour]],
            zmin=0,
            zmax=1,
            showscale=False,
            hoverongaps=False,
            xgap=int(is_small),
            ygap=int(is_small),
        )
    axis = {"labelalias": {label: _short(display_name(label)) for label in labels}, "showgrid": False}
    figure.update_xaxes(tickangle=-45, **axis)
    figure.update_yaxes(autorange="reversed", **axis)
    return _styled(figure).update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode="zoom")


def confusion_words(confusion: Confusion | None) -> str:
    """Describes the confusion matrix in a sentence."""
    if confusion is None:
        return "No confusion matrix"
    total = sum(map(sum, confusion.matrix))
    right = sum(row[i] for i, row in enumerate(confusion.matrix))
    photos = counted(total, "photo")
    return (
        f"Confusion matrix of {counted(len(confusion.labels), 'class')}: {right:,} of {photos} answered right. "
        "The list of confused pairs and the table of classes hold the same numbers."
    )


def curve_figure(kind: Literal["loss", "accuracy"], histories: Mapping[str, Sequence[Epoch]]) -> go.Figure:
    """Draws loss or accuracy over the epochs of one or two versions, with a line where each later stage begins.

    Args:
        kind: `loss` or `accuracy`.
        histories: The epochs, by the version's name.
    """
    figure = go.Figure()
    for (name, history), colour in zip(histories.items(), (FIRST, SECOND), strict=False):
        for key, split, dash in ((kind, "training", "dot"), (f"val_{kind}", "validation", "solid")):
            figure.add_scatter(
                x=list(range(1, len(history) + 1)),
                y=[getattr(epoch, key) for epoch in history],
                name=f"{name}, {split}" if len(histories) > 1 else split,
                mode="lines" if len(history) > 1 else "markers",
                line={"color": colour, "dash": dash, "width": 2},
            )
        for stage, before in stages_of(history)[1:]:
            figure.add_vline(
                before + 0.5,
                line={"color": colour, "dash": "dash", "width": 1},
                annotation={"text": f"{stage} ", "xanchor": "right", "font": {"size": 11}},
            )
    longest = max(map(len, histories.values()), default=0)
    figure.update_xaxes(title="Epoch", dtick=max(1, round(longest / 8)))
    figure.update_yaxes(rangemode="tozero", title=kind.capitalize(), tickformat=".0%" if kind == "accuracy" else None)
    hover = ".1%" if kind == "accuracy" else ".3f"
    figure.update_traces(hovertemplate=f"%{{y:{hover}}}")
    return _styled(figure).update_layout(hovermode="x unified", showlegend=True, legend=LEGEND)


def curve_words(kind: Literal["loss", "accuracy"], histories: Mapping[str, Sequence[Epoch]]) -> str:
    """Describes the training curve of each version in a sentence."""
    parts = []
    for name, history in histories.items():
        if not history:
            continue
        stages = " then ".join(stage for stage, _ in stages_of(history) if stage)
        last = getattr(history[-1], kind), getattr(history[-1], f"val_{kind}")
        ends = (f"{value:.1%}" if kind == "accuracy" else f"{value:.3f}" for value in last if value is not None)
        values = " on training and ".join(ends)
        parts.append(
            f"{name}: after {counted(len(history), 'epoch')}{f' ({stages})' if stages else ''} {values}"
            + (" on validation photos." if last[1] is not None else " on training photos.")
        )
    return " ".join([f"Curve of the {kind}.", *parts])


def calibration_figure(calibration: Calibration) -> go.Figure:
    """Draws accuracy over confidence, before and after temperature scaling, and below it the bins' counts.

    The published version's points have their 95 % intervals; those before scaling would lie on top of them.
    """
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.06)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": FAINT, "dash": "dash"}, name="ideal", hoverinfo="skip"
    )
    for bins, name, colour, symbol in (
        (calibration.bins_before, "before scaling", SECOND, "circle-open"),
        (calibration.bins, "as published", FIRST, "circle"),
    ):
        filled = [bin_ for bin_ in bins if bin_.count and bin_.confidence is not None and bin_.accuracy is not None]
        if not filled:
            continue
        figure.add_scatter(
            x=[bin_.confidence for bin_ in filled],
            y=[bin_.accuracy for bin_ in filled],
            customdata=[bin_.count for bin_ in filled],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"symbol": symbol, "size": 9},
            name=name,
            legendgroup=name,
            error_y=_intervals(filled) if bins is calibration.bins else None,
            hovertemplate="sure %{x:.1%}, right %{y:.1%}, %{customdata} photos<extra>" + name + "</extra>",
        )
        figure.add_bar(
            x=[(bin_.low + bin_.high) / 2 for bin_ in filled],
            y=[bin_.count for bin_ in filled],
            width=_width(filled),
            marker={"color": colour},
            opacity=0.75,
            legendgroup=name,
            showlegend=False,
            hovertemplate="%{y} photos<extra>" + name + "</extra>",
            row=2,
            col=1,
        )
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_xaxes(title="How sure", row=2)
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%", title="How often right", row=1)
    figure.update_yaxes(title="Photos", row=2)
    return _styled(figure).update_layout(barmode="group", bargap=0.1, legend=LEGEND)


def calibration_words(name: str, calibration: Calibration | None) -> str:
    """Describes the calibration plot in a sentence."""
    if calibration is None:
        return f"{name}: no calibration measured"
    before = "" if calibration.ece_before is None else f", {calibration.ece_before:.1%} before temperature scaling"
    return f"{name}: on average, how sure it is differs by {calibration.ece:.1%} from how often it is right{before}."


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _intervals(bins: Sequence[Bin]) -> dict[str, object]:
    """The bins' 95 % intervals as plotly takes them, distances from the point; none for a bin of an older version."""
    ends = [(bin_.accuracy or 0.0, bin_.accuracy_interval or (bin_.accuracy or 0.0,) * 2) for bin_ in bins]
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(high - accuracy, 0.0) for accuracy, (_, high) in ends],
        "arrayminus": [max(accuracy - low, 0.0) for accuracy, (low, _) in ends],
        "thickness": 1,
        "width": 3,
    }


def _width(bins: Sequence[Bin]) -> float:
    return 0.42 * (bins[0].high - bins[0].low)


def _with_opacity(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def _styled(figure: go.Figure) -> go.Figure:
    return (
        figure.update_layout(
            template="none",
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            font={"family": FONT, "size": 13},
            margin={"l": 56, "r": 12, "t": 32, "b": 48},
            hoverlabel={"bgcolor": "#14181a", "bordercolor": "#14181a", "font": {"color": "#ffffff", "family": FONT}},
            modebar={"bgcolor": "rgba(0,0,0,0)", "color": FAINT, "activecolor": FIRST},
        )
        .update_xaxes(automargin=True, zeroline=False)
        .update_yaxes(automargin=True, zeroline=False)
    )
