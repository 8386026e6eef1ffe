"""Which photos show no car, judged by an ImageNet net."""
