"""Photo-like pictures of invented cars, drawn in code."""

from car_classifier.demo_cars.catalogue import CATALOGUE, DemoModel
from car_classifier.demo_cars.drawing import DemoSettings, draw_demo_set

__all__ = ["CATALOGUE", "DemoModel", "DemoSettings", "draw_demo_set"]
