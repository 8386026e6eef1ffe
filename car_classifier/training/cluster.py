"""This machine's index among several, from the environment variable TF_CONFIG. Does not import TensorFlow."""

import json
import os

from car_classifier.errors import UserError


def place_in_cluster() -> tuple[int, int]:
    """The index of this worker, from 0, and the number of workers.

    Raises:
        UserError: `TF_CONFIG` is missing or wrong.
    """
    tf_config = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(tf_config)
        cluster, task = config["cluster"], config["task"]
        tasks = [(kind, index) for kind in ("chief", "worker") for index in range(len(cluster.get(kind, [])))]
        return tasks.index((task["type"], int(task["index"]))), len(tasks)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            "--strategy multiworker finds the machines in the environment variable TF_CONFIG, which is "
            + (f"not as expected ({tf_config})" if tf_config else "not set")
            + '; on the first of two machines it is {"cluster": {"worker": ["host-a:2222", "host-b:2222"]}, '
            '"task": {"type": "worker", "index": 0}}.'
        ) from error
