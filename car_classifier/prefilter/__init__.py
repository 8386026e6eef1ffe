"""Leaving out photos that show no car, judged by an ImageNet net.

`scoring` scores the photos of a manifest and excludes those below a threshold, with a net of `imagenet_net` and the
class names of `imagenet_classes`; `scores_file` keeps the scores, `contact_sheet` shows the photos at the threshold.
"""
