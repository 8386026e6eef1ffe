"""Why a classifier gives an answer, and whether the explanation can be trusted.

`methods` lists all methods; `class_activation_maps`, `pixel_gradients`, `perturbations` and `baselines` implement them,
`targets` defines the number to explain. `scoring` and `evaluation` measure methods by the scores in `faithfulness`,
`localisation` and `sanity`. `photo_explanation` explains one photo, `clever_hans` checks a model; `pictures`, `figures`
and `writing` draw and save.
"""
