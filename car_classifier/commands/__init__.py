"""The commands of `car-classifier`, by what they are about. Each calls one step and imports it when it runs."""
