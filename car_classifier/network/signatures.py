"""The four signatures of a SavedModel, with everything that they need inside the graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from car_classifier.network.backbones import Backbone, normalise
from car_classifier.network.closed_form import contributions, head_contributions, pooled_linear
from car_classifier.network.familiarity import Familiarity, FamiliarityGraph
from car_classifier.network.map_extent import map_extent
from car_classifier.network.photo_header import photo_orientations
from car_classifier.network.preprocessing import load_photos

TOP_K = 5
WEIGHTS = "weights_in_order"
"""The name under which a SavedModel's checkpoint holds the variables of the net, then those of the head."""


@dataclass(frozen=True)
class Classifier:
    """A trained classifier: a net, a head, and the names of its classes.

    Attributes:
        backbone: The kind of net.
        net: `keras.Model` from normalised images [n, height, width, 3] to activations [n, h, w, channels].
        head: `keras.Model` from these activations to logits, float32 [n, classes].
        labels: Label of each class, `Make_Model`, or any name.
        makes: Make of each label; a class without one counts as its own make, as in `Manifest.makes`.
        temperature: Divisor of the logits before softmax, which calibrates the probabilities.
        image_size: Height and width of the net's input in pixels.
        familiarity: What photos are compared with, to tell those that the net knows nothing like; None if it is not
            told.
    """

    backbone: Backbone
    net: Any
    head: Any
    labels: Sequence[str]
    makes: Mapping[str, str]
    temperature: float
    image_size: tuple[int, int]
    familiarity: Familiarity | None = None


class ServedClassifier(tf.Module):
    """A classifier in the form that TensorFlow Serving hosts.

    The net's variables are attributes as plain `tf.Variable`s, and the Keras net is only in a closure. As attributes
    of a Keras model, the variables would not be restored by TensorFlow Serving; in both forms, they would be stored
    twice.
    """

    def __init__(self, classifier: Classifier) -> None:
        super().__init__(name="served_classifier")
        net, head, backbone, size = classifier.net, classifier.head, classifier.backbone, classifier.image_size
        setattr(self, WEIGHTS, [variable.value for variable in (*net.variables, *head.variables)])
        self._logits = lambda activations: head(activations, training=False)
        self._contributions_of = contributions_of(head)
        makes = sorted(set(classifier.makes.values()))
        membership = np.zeros((len(classifier.labels), len(makes)), np.float32)
        for i, label in enumerate(classifier.labels):
            membership[i, makes.index(classifier.makes[label])] = 1
        self._labels, self._makes, self._membership = list(classifier.labels), makes, membership
        self._temperature = classifier.temperature
        self._familiarity = FamiliarityGraph(classifier.familiarity) if classifier.familiarity else None
        self._map_extent = map_extent(net)
        self._top_k = min(TOP_K, len(classifier.labels))

        images = tf.TensorSpec([None, *size, 3], tf.float32, name="images")
        image_bytes = tf.TensorSpec([None], tf.string, name="image_bytes")
        class_index = tf.TensorSpec([None], tf.int32, name="class_index")
        # Functions of their own are in the graph once, and not once for each signature that calls them.
        # Autograph would parse the source of all that they call, for seconds, and find nothing to convert.
        self._activations_of = tf.function(
            lambda images: net(images, training=False), input_signature=[images], autograph=False
        )
        self._load = tf.function(
            lambda image_bytes: normalise(backbone, load_photos(image_bytes, size)),
            input_signature=[image_bytes],
            autograph=False,
        )
        self.signatures_to_save = {
            "serving_default": tf.function(self._serving_default, input_signature=[images], autograph=False),
            "classify": tf.function(self._classify, input_signature=[image_bytes], autograph=False),
            "explain": tf.function(self._explain, input_signature=[image_bytes, class_index], autograph=False),
            "all_classes": tf.function(self._all_classes, input_signature=[image_bytes], autograph=False),
        }

    def _probabilities(self, logits: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(logits / self._temperature)

    def _serving_default(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        # Without this check a tensor of another shape aborts the whole server process.
        height, width = images.shape[1:3]
        images = tf.ensure_shape(images, [None, height, width, 3])
        return {"probabilities": self._probabilities(self._logits(self._activations_of(images)))}

    def _ranked(self, activations: tf.Tensor, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """The answer of `classify` from activations [n, h, w, channels] and logits [n, classes]."""
        probabilities = self._probabilities(logits)
        top = tf.math.top_k(probabilities, self._top_k)
        familiarity = self._familiarity(activations, probabilities) if self._familiarity else {}
        return familiarity | {
            "labels": tf.gather(tf.constant(self._labels), top.indices),
            "probabilities": top.values,
            "class_indices": top.indices,
            "make_labels": tf.tile(tf.constant([self._makes]), [tf.shape(logits)[0], 1]),
            "make_probabilities": probabilities @ self._membership,
        }

    def _classify(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        activations = self._activations_of(self._load(image_bytes))
        return self._ranked(activations, self._logits(activations))

    def _all_classes(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Logits and probabilities of all classes, [n, classes], in the order of the labels; for evaluation."""
        logits = self._logits(self._activations_of(self._load(image_bytes)))
        return {"logits": logits, "probabilities": self._probabilities(logits)}

    def _explain(self, image_bytes: tf.Tensor, class_index: tf.Tensor) -> dict[str, tf.Tensor]:
        image_bytes, class_index = tf.ensure_shape(image_bytes, [None]), tf.ensure_shape(class_index, [None])
        classes = len(self._labels)
        checks = [
            tf.debugging.Assert(
                tf.reduce_all((class_index >= -1) & (class_index < classes)),
                [
                    f"class_index must be from 0 to {classes - 1}, or -1 for the most likely class. Received:",
                    class_index,
                ],
            ),
            tf.debugging.Assert(
                tf.shape(class_index)[0] == tf.shape(image_bytes)[0],
                ["image_bytes and class_index must hold one value for each photo. Received values of class_index:"]
                + [tf.shape(class_index)[0]],
            ),
        ]
        with tf.control_dependencies([check for check in checks if check is not None]):
            image_bytes = tf.identity(image_bytes)
        activations = self._activations_of(self._load(image_bytes))
        logits = self._logits(activations)
        ranked = self._ranked(activations, logits)
        top = ranked["class_indices"]
        asked = tf.where(class_index < 0, top[:, 0], class_index)
        # The asked class is added as one more column.
        shown = tf.concat([top, asked[:, None]], axis=1)
        shown_logits = tf.gather(logits, shown, batch_dims=1)
        shown_contributions, shown_biases = self._contributions_of(activations, shown, shown_logits)
        probability = tf.gather(self._probabilities(logits), asked, batch_dims=1)
        k = self._top_k
        return ranked | {
            "logits": shown_logits[:, :k],
            "biases": shown_biases[:, :k],
            "contributions": shown_contributions[:, :k],
            "map_extent": tf.tile(tf.constant([self._map_extent]), [tf.shape(logits)[0], 1]),
            "orientation": photo_orientations(image_bytes),
            "asked_label": tf.gather(tf.constant(self._labels), asked),
            "asked_probability": probability,
            "asked_logit": shown_logits[:, k],
            "asked_bias": shown_biases[:, k],
            "asked_contributions": shown_contributions[:, k],
        }


def contributions_of(head: Any) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """The function that takes a head's logits apart into the contributions of cells and a rest, the bias.

    Returns:
        A function from activations [n, h, w, channels], classes [n, k] and their logits [n, k] to contributions
        [n, k, h, w] and biases [n, k], which add up to the logits.
    """
    dense: Any = pooled_linear(head.layers)

    def closed_form(activations: tf.Tensor, classes: tf.Tensor, _logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        columns = tf.gather(tf.transpose(dense.kernel), classes)
        return contributions(activations, columns), tf.gather(tf.convert_to_tensor(dense.bias), classes)

    def by_tape(activations: tf.Tensor, classes: tf.Tensor, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        of_cells = head_contributions(lambda x: head(x, training=False), activations, classes)
        return of_cells, logits - tf.reduce_sum(of_cells, [2, 3])

    return by_tape if dense is None else closed_form


def save(classifier: Classifier, path: str) -> None:
    """Write a classifier's SavedModel."""
    module = ServedClassifier(classifier)
    tf.saved_model.save(module, path, signatures=module.signatures_to_save)
