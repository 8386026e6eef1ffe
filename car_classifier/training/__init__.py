"""From a manifest to a trained classifier.

1. `config` holds the settings (`TrainingConfig`), `augmentation` those of the augmentation.
2. `run` opens the run's folder (`TrainingRun`): it reads the manifest, checks it, and finds the folder of an unfinished
   run with the same settings, photos and weights, or makes a new one.
3. `stages` does the rest (`train(run)`), without the photos that cannot be read (`broken_photos`):

   a. `distribution` sets up the replicas, one or several; `cluster` says which machine this is; `precision` chooses the
      number format of the arithmetic.
   b. `network.backbones` builds the pretrained net, `network.head` a new head.
   c. The head stage trains the head on the pooled features of the frozen net, which `frozen_part` computes and
      `feature_store` keeps beside the manifest: in closed form (`closed_form_head` chooses, `discriminant` calculates),
      or by gradient steps. From random weights there is no such stage: the whole net is trained at once.
   d. Each stage of fine-tuning unfreezes some of the net's layers and trains them. `network.surgery` splits the net
      where the frozen part ends, `run_features` computes the activations at that place for several augmented views of
      each photo, and `feature_cache` keeps them while the run lasts. Where nothing is frozen, or no features are to be
      kept, the whole net runs on the photos themselves.
   e. The net gets the weights of the best epoch of the last stage. `calibration` fits the temperature on the
      validation photos.

   The result is a `network.signatures.Classifier`.
4. `publishing.export` writes it to the run's folder as a SavedModel and evaluates it on the test photos. Then
   `publishing.publish` checks it at the gate and gives it a version number.

Every stage, whatever it trains, is the same loop, here from the outside in:

- `epochs.fit_resumably` counts epochs, keeps the best one, saves the state after each, and ends when patience does.
- `distribution.Trainer.train` takes the steps of an epoch, `Trainer.evaluate` measures the validation batches.
- `optimizer` updates the weights: AdamW with warm-up, cosine and averaged weights.
- `batches` delivers the batches of an epoch: photos or cached features, class weights, one-hot classes.
- `photos` decodes and caches the photos, `augment` augments them, `mixing` mixes the photos of a batch.

Those who watch a run read small files that it writes on the way: `live_progress` says what it is doing, `watch` shows a
dozen test photos after each epoch, and `learning_curve` how good the classifier in closed form is as photos go by.

`run_comparison` compares the folders of several runs.
"""
