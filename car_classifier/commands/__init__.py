"""The commands of `car-classifier`, one module per subject. Each calls one step and imports it when it runs."""
