"""The card "Was this right?", below every answer.

The visitor's own photo may be kept for training; the samples are in the data set already. The card reads the page's
store `view` and has two stores of its own, which `assets/scripts/classify/feedback.mjs` writes:

    feedback-said   the feedback on each photo, by the photo's id: right, label, name, mayTrain, and the feedback's id;
                    survives a reload
    feedback-form   photo (whose form is open), unlisted (make and model are typed), mayTrain, busy, problem
"""

import dash
import dash_mantine_components as dmc
from dash import Input, State, dcc, html

from dashboard.callbacks import run_in_browser
from dashboard.subject import Subject

BUTTONS = ("yes", "no", "unlisted", "send", "back", "undo")


def feedback_card(subject: Subject) -> html.Section:
    """Returns the card, hidden until there is an answer.

    Args:
        subject: What the photos show.
    """
    return html.Section(
        [
            dcc.Store(id="feedback-said", storage_type="session"),
            dcc.Store(id="feedback-form", storage_type="memory"),
            html.H2("Was this right?", className="title"),
            html.P("", id="feedback-text", className="feedback-text", role="status", tabIndex=-1),
            html.Div([_button("yes", "Yes"), _button("no", "No")], className="feedback-ask actions"),
            _form(subject),
            html.Div(
                dmc.Checkbox(
                    id="feedback-keep",
                    label="Keep my photo to train the next model",
                    description="It is stored only if you tick this. Otherwise it is soon deleted, as every photo is.",
                    checked=False,
                    size="sm",
                ),
                className="feedback-keep",
            ),
            html.P("", id="feedback-problem", className="feedback-problem", role="alert"),
            html.Div(
                [_button("send", "Send", variant="filled"), _button("back", "Back")],
                className="feedback-send actions",
            ),
            html.Div(_button("undo", "Take it back"), className="feedback-undo actions"),
        ],
        id="feedback",
        className="card feedback",
        **{"aria-label": "Feedback", "data-state": "hidden", "data-own": "yes"},
    )


def register(app: dash.Dash) -> None:
    """Registers the card's callbacks; a page places the card."""
    state = [(store, "data") for store in ("view", "feedback-said", "feedback-form")]
    run_in_browser(
        app,
        "feedback.act",
        *[Input(f"feedback-{name}", "n_clicks") for name in BUTTONS],
        Input("feedback-keep", "checked"),
        *[State(f"feedback-{name}", "value") for name in ("label", "make", "model")],
        *[State(*store) for store in state],
    )
    run_in_browser(app, "feedback.show", *[Input(*store) for store in state], starts_with="feedback")


def _form(subject: Subject) -> html.Div:
    return html.Div(
        [
            dmc.Select(
                id="feedback-label",
                label=subject.correction,
                description="Leave it empty if you do not know.",
                placeholder=f"Choose the {subject.one}",
                data=[],
                value=None,
                searchable=True,
                openOnFocus=False,
                clearable=True,
                clearButtonProps={"aria-label": f"Choose no {subject.one}"},
                nothingFoundMessage=f"The model knows no such {subject.one}",
                limit=100,
                size="sm",
            ),
            html.Div(
                [_text_input("make", "Make"), _text_input("model", "Model")],
                className="feedback-names",
            ),
            html.Button("", id="feedback-unlisted", type="button", className="link-button"),
        ],
        id="feedback-fields",
        className="feedback-fields",
        **{"data-unlisted": "no"},
    )


def _text_input(name: str, label: str) -> dmc.TextInput:
    return dmc.TextInput(id=f"feedback-{name}", label=label, value="", size="sm")


def _button(name: str, text: str, variant: str = "default") -> dmc.Button:
    return dmc.Button(text, id=f"feedback-{name}", variant=variant, size="xs")
