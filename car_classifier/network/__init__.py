"""The parts of the exported graph.

`preprocessing` turns a photo's bytes into the net's input, `backbones` lists the pretrained nets, `surgery` changes
them, `two_layers` gives them the activations of two layers as output, `head` follows them, and `signatures` puts
everything into a SavedModel. `closed_form` takes logits apart into contributions, `map_extent` says where on the photo
they belong, and `layers` finds a net's layers.
"""
