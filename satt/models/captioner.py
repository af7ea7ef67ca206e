"""Show, Attend and Tell (Xu et al. 2015): look at an image, and say word by word what is there.

    grid          h_{i,j} = conv net of the image              one vector for each location
    keys          keys = grid W_grid                           once an image
    start         s_0 = tanh(mean of the grid W + b), and the cell likewise
    at each step  e_t = f_att(s_{t-1}, h_{i,j})                a score for each location
                  a_t = softmax(e_t)                           the attention
                  c_t = beta_t sum_ij a_{t,i,j} h_{i,j}        the context, through its gate
                  s_t = LSTM([E y_{t-1}; scale c_t], s_{t-1})
    words         p(y_t) = softmax(L_o tanh(E y_{t-1} + L_h s_t + L_z c_t))
    loss          -log p(y) + penalty sum_l (target - sum_t a_{t,l})^2
                  + label_smoothing (score of y - mean of all scores)
    or            -advantage log p(y), of a caption y of its own (see policy_gradient)

The words y_{t-1} that the decoder reads in training are the right ones, so that all of a caption's
embeddings are known before the time loop; and the vocabulary's scores are taken once after it.
"""

import numpy as np

from satt import ops
from satt.errors import SattError
from satt.models.captioner_parameters import (
    ALIGNMENT_PARAMS,
    DEEP_OUTPUT_PARAMS,
    GATE_PARAMS,
    LSTM_PARAMS,
    START_PARAMS,
    VOCABULARY_PARAMS,
    initialise,
)
from satt.models.captioner_settings import CaptionerSettings as CaptionerSettings
from satt.models.encoder import (
    BLOCKS,
    STRIDES,
    encoder_backward,
    encoder_forward,
    encoder_statistics,
)
from satt.models.given_grid import given_grid_backward, given_grid_forward
from satt.models.whitening import whiten_filters
from satt.shapes import check_shape, check_words

PAD = 0  # the word that fills short captions up; never a target


class Captioner:
    """The parameters of a captioner, and what can be done with them.

    Parameters
    ----------
    settings : CaptionerSettings
    seed : int
        Of the initial parameters.
    dtype : dtype
        float32 to train, float64 to check gradients.

    Attributes
    ----------
    params : dict of ndarray
        Flat: "decoder.alignment.W_state" and so on.
    statistics : dict of ndarray
        Mean and variance of the encoder's channels for captioning, or of the features of a grid
        that comes from elsewhere; set by `calibrate`.
    settled : int
        So many blocks of the encoder, from the first, have learned all they will: see `settle`.
    """

    def __init__(self, settings, seed=0, dtype=np.float32):
        self.settings = settings
        self.params = initialise(settings, np.random.default_rng(seed), dtype)
        self.statistics = {}
        self.settled = 0

    # --- training -------------------------------------------------------------------------------

    def loss_and_gradients(self, batch, random=None):
        """The loss of a batch, and its gradient with respect to every parameter that is trained.

        Parameters
        ----------
        batch : dict
            "images": (M, H, W, 3) in -1..1, or for an absent encoder (M, L, D);
            "words": int (N, T + 1), each row <start> y_1 ... y_T, padded with 0 at the end. N is a
            multiple of M: the captions of one image stand together and share its grid;
            "advantages": (N,), only if the captions are the model's own, and then "excluded": the
            words that it never says.
        random : numpy.random.Generator, optional
            Draws the dropout; without it there is none.

        Returns
        -------
        loss : float
            Nats per caption, the penalty, and what the smoothing of the labels adds.
        gradients : dict of ndarray
            Under the keys of `params`; without the encoder's where that is not trained.

        Raises
        ------
        SattError
            If the batch does not fit the settings.
        """
        results = list(self.forward(batch, random))
        # Handed over and not kept here, so that the largest arrays can go when they have served.
        _, gradients = self.backward(results.pop(), to_images=False)
        return results[0], gradients

    def sharpen(self, factor):
        """Stretch the scores of f_att, so that the attention settles on fewer locations.

        Parameters
        ----------
        factor : float
            More than 1 to sharpen, less to blur.
        """
        self.params["decoder.alignment.v"] = self.params["decoder.alignment.v"] * factor

    def settle(self, images, blocks=BLOCKS):
        """Have the first blocks of the encoder keep their filters and their statistics for good.

        Normalised with its own statistics, what a training image looks like to the decoder depends
        on the other images of its batch. Captioning has the same statistics for all. A decoder
        that learned under the former miscounts a little under the latter, until it has got used
        to them.

        What a block learns rests on the blocks before it, so that the first are done first (edges
        and colours, long before cats). From then on a step costs less: the gradient need not go
        back as far.

        Parameters
        ----------
        images : ndarray, shape (N, H, W, 3)
            As for `calibrate`.
        blocks : int
            How many, those that have settled before counted too; by default all.
        """
        self.calibrate(images)
        self.settled = blocks

    def whiten(self, images):
        """Take the first filters of an encoder that learns from images; that block has settled.

        Parameters
        ----------
        images : ndarray, shape (N, H, W, 3)
            As for `calibrate`.
        """
        self._check({"images": images})
        self.settled = 0
        whiten_filters(self.params["encoder.conv1.W"], images, STRIDES[0])
        self.settle(images, blocks=1)

    def loss(self, batch):
        """The cross-entropy of a batch in nats per caption, as in captioning: nothing dropped.

        Raises
        ------
        SattError
            If the batch does not fit the settings, or there are no statistics yet.
        """
        self._check(batch)
        self._check_statistics()
        grid, _ = self.encode(batch["images"])
        logits, _, _, mask = self._run(grid, batch["words"])
        loss, _ = self._loss_forward(logits, mask, {"words": batch["words"]}, smooth=False)
        return float(loss)

    def forward(self, batch, random=None):
        """The loss of a batch, and what `backward` needs; arguments as in `loss_and_gradients`."""
        self._check(batch)
        if self.settings.encoder != "trained":
            self._check_statistics()
        grid, encoder = self.encode(batch["images"], training=True, random=random)
        logits, attention, cache, mask = self._run(grid, batch["words"], random)
        loss, of_loss = self._loss_forward(logits, mask, batch)
        penalty = None
        if self.settings.penalty:
            value, penalty = ops.doubly_stochastic_forward(
                attention, mask, self.settings.penalty_target
            )
            loss = loss + self.settings.penalty * value
        return loss, (encoder, cache, attention, mask, of_loss, penalty)

    def backward(self, cache, to_images=True):
        """Send the gradient of the loss back through words, time and images.

        Parameters
        ----------
        cache : tuple
            From `forward`.
        to_images : bool
            Whether the gradient of the images is wanted; training does without.

        Returns
        -------
        dimages : ndarray, or None
            The gradient of the batch's "images": pixels, or grids where the encoder is absent.
        gradients : dict of ndarray
        """
        encoder, cache, attention, mask, of_loss, penalty = cache
        keys, start, (embedding, places), looking, output = cache
        # Without a name, the largest array of all goes as soon as it has served.
        dembedded, dstates, dcontexts, gradients = self._output_backward(
            self._loss_backward(*of_loss), output
        )
        del of_loss
        dstates, dcontexts = _spread(dstates, mask), _spread(dcontexts, mask)
        dattention = 0 * attention  # but for the penalty, it serves the contexts alone
        if penalty is not None:
            dattention = ops.doubly_stochastic_backward(self.settings.penalty, penalty)

        to_grid = self._learns_from_dgrid() or to_images
        # What a step made goes to the output above it and to the step after it.
        dto_read, dstate, dcell, dgrid_as_value, dkeys, *step_gradients = (
            ops.attention_lstm_backward((dstates, dcontexts, dattention), looking, to_grid)
        )
        of_a_step = dict(zip(self._step_params, step_gradients, strict=True))
        # As on the way back: gate and LSTM are nearer to the loss than the score.
        gradients.update({name: of_a_step[name] for name in reversed(self._step_params)})
        dto_read += ops.embedding_backward(dembedded, places)
        gradients["decoder.embedding.W"] = ops.embedding_backward(dto_read, embedding)
        dgrid_as_start, start_gradients = self._start_backward(dstate, dcell, start)
        gradients.update(start_gradients)
        if not to_grid:
            gradients["decoder.alignment.W_grid"], _ = ops.linear_parameters_backward(dkeys, keys)
            return None, gradients
        dgrid_as_key, gradients["decoder.alignment.W_grid"], _ = ops.linear_backward(dkeys, keys)
        dgrid = dgrid_as_value + dgrid_as_key + dgrid_as_start
        return self._encoder_backward(dgrid, encoder, gradients, to_images)

    # --- the parts ------------------------------------------------------------------------------

    def encode(self, images, training=False, random=None):
        """Images become grids (M, L, D), with what `_encoder_backward` needs."""
        settings, encoder = self.settings, self.settings.encoder
        if settings.grid:
            return given_grid_forward(
                images, self.params, self.statistics, settings.grid_dropout, random
            )
        if encoder == "absent":
            return images, None
        settled = self.settled if training and encoder == "trained" else BLOCKS
        return encoder_forward(images, self.params, self.statistics, settled)

    def _learns_from_dgrid(self):
        """Whether there are parameters that the gradient of the grid reaches."""
        if self.settings.encoder == "trained":
            return self.settled < BLOCKS
        return bool(self.settings.projection)

    def _encoder_backward(self, dgrid, cache, gradients, to_images):
        if self.settings.grid:
            dimages, projection_gradients = given_grid_backward(dgrid, cache, to_images)
            return dimages, gradients | projection_gradients
        if self.settings.encoder == "absent":
            return dgrid, gradients
        dimages, encoder_gradients = encoder_backward(dgrid, cache, to_images)
        if self.settings.encoder == "trained":
            gradients.update(encoder_gradients)
        return dimages, gradients

    def _loss_forward(self, logits, mask, batch, smooth=True):
        """What was said, judged by its advantage; else how surprising the right words are.

        The layers add up the words of a caption, and take the mean over the captions. To them each
        of the R words that count is a caption of its own: they return the sum over all words, by
        R. Times the words a caption, R / N, it is by N, the captions that there are.
        """
        said = batch["words"][:, 1:][mask].reshape(-1, 1)
        logits = logits.reshape(len(said), 1, -1)
        all_count, words_a_caption = np.ones_like(said), len(said) / len(mask)
        if "advantages" in batch:
            advantages = np.repeat(batch["advantages"], mask.sum(axis=1))
            loss, policy = ops.policy_gradient_forward(
                logits, said, all_count, advantages, batch["excluded"]
            )
            return words_a_caption * loss, (words_a_caption, None, None, policy)
        loss, cross_entropy = ops.sequence_cross_entropy_forward(logits, said, all_count)
        smoothing = None
        if smooth and self.settings.label_smoothing:
            value, smoothing = ops.label_smoothing_forward(logits, said, all_count)
            loss = loss + self.settings.label_smoothing * value
        return words_a_caption * loss, (words_a_caption, cross_entropy, smoothing, None)

    def _loss_backward(self, words_a_caption, cross_entropy, smoothing, policy):
        """Back to the scores, (R, 1, V); the linear map that made them takes them as (R, V)."""
        if policy is not None:
            return ops.policy_gradient_backward(words_a_caption, policy)
        dlogits = ops.sequence_cross_entropy_backward(words_a_caption, cross_entropy)
        if smoothing is not None:
            dlogits += ops.label_smoothing_backward(
                words_a_caption * self.settings.label_smoothing, smoothing
            )
        return dlogits

    def _run(self, grid, words, random=None):
        """Read the right words, and score the next ones.

        Returns
        -------
        logits : ndarray, shape (R, V)
            For all words of all captions, R of them; nobody wants to know what follows a caption.
        attention : ndarray, shape (N, T, L)
            Zero after a caption's end.
        cache : tuple
        mask : ndarray of bool, shape (N, T)
            The R words among the steps.
        """
        mask = words[:, 1:] != PAD
        keys, keys_cache = self._keys(grid)
        (state, cell), start = self._start(grid, len(words) // len(grid))
        # A word stands in many places, and what the LSTM hears of it is the same in all of them.
        # So it gets each word of the batch once.
        distinct, which = np.unique(words[:, :-1], return_inverse=True)
        which = which.reshape(mask.shape)
        to_read, embedding = ops.embedding_forward(distinct, self.params["decoder.embedding.W"])
        embedded, places = ops.embedding_forward(which[mask], to_read)
        (states, contexts, attention), looking = self._look(
            to_read, state, cell, grid, keys, mask.sum(axis=1), which
        )
        logits, output = self._output(embedded, states[mask], contexts[mask], random)
        return logits, attention, (keys_cache, start, (embedding, places), looking, output), mask

    def _keys(self, grid):
        return ops.linear_forward(grid, self.params["decoder.alignment.W_grid"])

    def _look(self, to_read, state, cell, grid, keys, lengths, words):
        return ops.attention_lstm_forward(
            to_read, state, cell, grid, keys, *(self.params[name] for name in self._step_params),
            context_scale=self.settings.context_scale, lengths=lengths, words=words,
        )

    def _start(self, grid, repeats=1):
        """s_0 and the cell; the captions of one image, `repeats` of them, start alike."""
        (state, cell), start = ops.initial_state_forward(
            grid, *(self.params[name] for name in START_PARAMS)
        )
        state, cell = np.repeat(state, repeats, axis=0), np.repeat(cell, repeats, axis=0)
        return (state, cell), (start, repeats)

    def _start_backward(self, dstate, dcell, cache):
        (start, repeats), H = cache, self.settings.state_width
        dstate, dcell = (d.reshape(-1, repeats, H).sum(axis=1) for d in (dstate, dcell))
        dgrid, *gradients = ops.initial_state_backward((dstate, dcell), start)
        return dgrid, dict(zip(START_PARAMS, gradients, strict=True))

    @property
    def _step_params(self):
        """Names of the parameters that serve every step, in the order of the step's arguments."""
        return ALIGNMENT_PARAMS + LSTM_PARAMS + (GATE_PARAMS if self.settings.gate else ())

    def _output(self, embedded, states, contexts, random=None):
        """The vocabulary's scores, a row for each row of the arguments."""
        settings, shapes = self.settings, (embedded.shape, contexts.shape)
        states, state_dropout = _silence(states, settings.state_dropout, random)
        hidden, deep_output = states, None
        if settings.deep_output:
            hidden, deep_output = ops.deep_output_forward(
                embedded, states, contexts, *(self.params[name] for name in DEEP_OUTPUT_PARAMS)
            )
        hidden, dropout = _silence(hidden, settings.dropout, random)
        logits, vocabulary = ops.linear_forward(
            hidden, *(self.params[name] for name in VOCABULARY_PARAMS)
        )
        return logits, (state_dropout, deep_output, dropout, vocabulary, shapes)

    def _output_backward(self, dlogits, cache):
        state_dropout, deep_output, dropout, vocabulary, (embedded_shape, contexts_shape) = cache
        dhidden, *vocabulary_gradients = ops.linear_backward(dlogits, vocabulary)
        gradients = dict(zip(VOCABULARY_PARAMS, vocabulary_gradients, strict=True))
        dhidden = _silence_backward(dhidden, dropout)
        if deep_output is None:
            dembedded = np.zeros(embedded_shape, dhidden.dtype)
            dstates, dcontexts = dhidden, np.zeros(contexts_shape, dhidden.dtype)
        else:
            dembedded, dstates, dcontexts, *deep_gradients = ops.deep_output_backward(
                dhidden, deep_output
            )
            gradients.update(zip(DEEP_OUTPUT_PARAMS, deep_gradients, strict=True))
        return dembedded, _silence_backward(dstates, state_dropout), dcontexts, gradients

    # --- captioning -----------------------------------------------------------------------------

    def calibrate(self, images):
        """Take the encoder's statistics from training images, for captioning.

        Parameters
        ----------
        images : ndarray, shape (N, H, W, 3), or (N, L, D) for an absent encoder
            Pixels in -1..1, or grids. A few hundred are enough.

        Notes
        -----
        A frozen encoder that has statistics keeps them, and so do settled blocks. An absent one
        needs none, unless `settings.grid` says whose grids they are; it takes those once, before
        the training, and keeps them.
        """
        self._check({"images": images})
        changes = self.settings.encoder == "trained" and self.settled < BLOCKS
        if self.statistics and not changes:
            return
        if self.settings.encoder != "absent":
            self.statistics = encoder_statistics(
                images, self.params, self.statistics, self.settled
            )
        elif self.settings.grid:
            mean, variance = ops.batch_statistics(images)
            self.statistics = {"grid.mean": mean, "grid.variance": variance}

    def start(self, images):
        """Look at the images for the first time.

        Parameters
        ----------
        images : ndarray, shape (N, H, W, 3), or (N, L, D) for an absent encoder

        Returns
        -------
        memory : (grid, keys)
            What stays the same while a caption is written: (N, L, D) and (N, L, A).
        state : (state, cell)
            Both (N, H).
        """
        self._check({"images": images})
        self._check_statistics()
        grid, _ = self.encode(images)
        keys, _ = self._keys(grid)
        state_and_cell, _ = self._start(grid)
        return (grid, keys), state_and_cell

    def step(self, words, memory, state):
        """Read one word, look, and score the next.

        Parameters
        ----------
        words : ndarray of int, shape (N,)
        memory, state : as from `start`, or the state of the step before

        Returns
        -------
        logits : ndarray, shape (N, V)
        attention : ndarray, shape (N, L)
            Where it looked before it scored.
        state : (state, cell)
        """
        embedded, _ = ops.embedding_forward(words, self.params["decoder.embedding.W"])
        (*state, context, attention), _ = ops.attention_lstm_step_forward(
            embedded, *state, *memory, *(self.params[name] for name in self._step_params),
            context_scale=self.settings.context_scale,
        )
        logits, _ = self._output(embedded, state[0], context)
        return logits, attention, tuple(state)

    # --- keeping --------------------------------------------------------------------------------

    def arrays(self):
        """A copy of all parameters and statistics, under the names a checkpoint uses."""
        arrays = {f"params.{name}": value.copy() for name, value in self.params.items()}
        arrays.update({f"statistics.{k}": value.copy() for k, value in self.statistics.items()})
        return arrays

    def restore(self, arrays):
        """Take over what `arrays` gave.

        Raises
        ------
        SattError
            If a parameter is missing, one too many, or of another shape.
        """
        found = {}
        for prefix in ("params", "statistics"):
            found[prefix] = {
                name.removeprefix(f"{prefix}."): value.copy()
                for name, value in arrays.items()
                if name.startswith(f"{prefix}.")
            }
        shapes = {name: value.shape for name, value in self.params.items()}
        for name in sorted(shapes.keys() | found["params"].keys()):
            wanted, got = shapes.get(name), getattr(found["params"].get(name), "shape", None)
            if wanted != got:
                raise SattError(
                    f"{name}: expected shape {wanted}, got {got}; "
                    "restore a checkpoint into a captioner of the settings it was saved with"
                )
        self.params, self.statistics = found["params"], found["statistics"]

    def _check_statistics(self):
        needed = self.settings.encoder != "absent" or self.settings.grid
        if needed and not self.statistics:
            raise SattError(
                "statistics: there are none yet; call calibrate(images) with training images"
            )

    def _check(self, batch):
        settings, sizes = self.settings, {}
        if settings.encoder == "absent":
            check_shape(
                "images", batch["images"], ("N", "L", settings.grid_depth),
                "an absent encoder takes grids: reshape (N, rows, columns, D) first", sizes,
            )
        else:
            check_shape(
                "images", batch["images"], ("N", settings.image_size, settings.image_size, 3),
                "colour images, channels last, of the captioner's image_size", sizes,
            )
        dtype = self.params["decoder.vocabulary.W"].dtype
        if batch["images"].dtype != dtype:
            raise SattError(
                f"images: expected {dtype} like the parameters, got {batch['images'].dtype}; "
                "scale pixels with to_float, or use .astype"
            )
        if "words" in batch:
            check_shape("words", batch["words"], ("captions", "T+1"))
            check_words("words", batch["words"], settings.vocabulary_size)
            has_ended = batch["words"][:, 1:] == PAD
            if not has_ended.size or has_ended[:, 0].any():
                raise SattError(
                    "words: expected at least one word after the first of each caption, got none; "
                    "a caption ends with <stop>, even one that says nothing"
                )
            if (has_ended[:, :-1] & ~has_ended[:, 1:]).any():
                raise SattError(
                    f"words: expected padding ({PAD}) only after a caption's last word, got words "
                    "after it; move the padding to the end of the row"
                )
            if len(batch["words"]) % sizes["N"]:
                raise SattError(
                    f"words: expected the same number of captions for each of the {sizes['N']} "
                    f"images, got {len(batch['words'])} captions; repeat or drop some"
                )


def _silence(units, share, random):
    """Dropout, where a share is to be silent and somebody draws which; else nothing changes."""
    if not share or random is None:
        return units, None
    return ops.dropout_forward(units, ops.dropout_mask(units.shape, share, random, units.dtype))


def _silence_backward(dunits, cache):
    return dunits if cache is None else ops.dropout_backward(dunits, cache)


def _spread(rows, mask):
    """Bring the rows of the words that count, (R, width), to their steps: zeros elsewhere."""
    steps = np.zeros((*mask.shape, rows.shape[1]), rows.dtype)
    steps[mask] = rows
    return steps
