"""Photo-like pictures of invented cars, drawn in code.

`drawing` draws a set of the models of `catalogue`, `photo` one photo. A car is a `body` with a `surface`, seen by a
`camera`; `parts` are painted on an `easel`, `scenery` behind them, all on one `canvas`. `part_boxes` reads where the
parts are that distinguish the models.
"""

from car_classifier.demo_cars.catalogue import CATALOGUE, DemoModel
from car_classifier.demo_cars.drawing import DemoSettings, draw_demo_set

__all__ = ["CATALOGUE", "DemoModel", "DemoSettings", "draw_demo_set"]
