"""The switch that takes the colours from a photo below its heatmap, so that the heatmap is visible on any colour."""

import dash_mantine_components as dmc


def grey_switch(component_id: str) -> dmc.Switch:
    """Returns the switch; `assets/scripts/grey.mjs` sets it as it was left on any page."""
    return dmc.Switch(id=component_id, label="Grey photo", checked=True, size="sm")
