"""Components of pages: functions that return Dash components; some also register the callbacks that fill them."""
