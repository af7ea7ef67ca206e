"""A training between two steps: everything on which the next steps depend."""

import json
import time
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice

import numpy as np

from satt.data.batches import count_batches, training_batches
from satt.errors import SattError
from satt.training.averaging import update_average
from satt.training.log import to_plain
from satt.training.optimisers import OPTIMISERS
from satt.training.parts import PartsPool
from satt.training.watch import Watch

MANY_STEPS = 300  # a process takes as long to start as some dozens of them take
PREFIXES = ("model", "average", "best", "optimiser", "watch")


class Epochs:
    """The batches of all epochs, one after the other, from any place on.

    Parameters
    ----------
    data : CaptionData
    vocabulary : Vocabulary
    settings : TrainingSettings

    Attributes
    ----------
    place : dict
        epoch : from 1; batches : how many of it have been handed out; random : the state of the
        generator when the epoch began.
    """

    def __init__(self, data, vocabulary, settings):
        self._data, self._vocabulary, self._settings = data, vocabulary, settings
        self._random = np.random.default_rng(settings.seed)
        self.place = {"epoch": 1, "batches": 0, "random": self._random.bit_generator.state}

    def go_to(self, place):
        """Begin at what was `place` once."""
        self._random.bit_generator.state = place["random"]
        self.place = dict(place)

    def __iter__(self):
        """Yield (epoch, batch)."""
        settings, place = self._settings, self.place
        while place["epoch"] <= settings.epochs:
            batches = training_batches(
                self._data, self._vocabulary, settings.batch_size, self._random,
                settings.captions_per_image, settings.batches == "one-length",
                settings.short_first and place["epoch"] == 1,
            )
            for batch in islice(batches, place["batches"], None):
                place["batches"] += 1
                yield place["epoch"], batch
            place.update(
                epoch=place["epoch"] + 1, batches=0, random=self._random.bit_generator.state
            )


class Run:
    """The state of a training.

    Parameters
    ----------
    model : Captioner
    vocabulary : Vocabulary
    data : CaptionData
    settings : TrainingSettings
    processes : bool
        As for `PartsPool`; only for a training that is long enough for it to pay.

    Attributes
    ----------
    model, data, epochs, pool, optimiser, watch
        What learns, what it learns from, and how.
    average : dict of ndarray
        Of the parameters, if `settings.averaging` asks for it.
    step, total : int
        Steps taken, and steps to take.
    record : dict
        Of the last step.
    open : bool
        Whether that step has still to be evaluated.
    whole : bool
        Whether it is between two steps; see `changing`.
    best : dict
        score; record: of its step, None before the first evaluation; arrays; waited: how many
        evaluations ago that was.
    """

    def __init__(self, model, vocabulary, data, settings, processes=False):
        self.model, self.data, self.settings = model, data, settings
        model.settled = 0
        self.epochs = Epochs(data, vocabulary, settings)
        self.optimiser = OPTIMISERS[settings.optimiser]()
        self.watch = Watch(model, settings.learning_rate)
        self.average = {}
        self.step, self.total = 0, count_batches(
            data, settings.batch_size, np.random.default_rng(settings.seed),
            settings.captions_per_image, settings.batches == "one-length", settings.short_first,
            settings.epochs,
        )
        processes = processes and self.total >= MANY_STEPS
        self.pool = PartsPool(model, settings.parts, settings.seed, processes)
        self.record, self.open, self.whole = {"step": 0}, False, True
        self.best = {"score": None, "record": None, "arrays": model.arrays(), "waited": 0}
        self._before, self._begin = 0.0, time.perf_counter()

    @property
    def seconds(self):
        """How long it has taken until now, interruptions not counted."""
        return round(self._before + time.perf_counter() - self._begin, 3)

    @property
    def supervised(self):
        """So many steps learn from other people's captions; those after them, from its own."""
        return self.total - int(self.total * self.settings.self_critical)

    @property
    def over(self):
        """Whether there is no further step to take."""
        return self.step >= self.total or self.best["waited"] >= self.settings.patience

    @property
    def best_step(self):
        """The step of the best state; 0 before the first evaluation."""
        return self.best["record"]["step"] if self.best["record"] else 0

    @property
    def finite(self):
        """Whether all parameters are numbers; if not, the next step will tell."""
        return all(np.isfinite(param).all() for param in self.model.params.values())

    @contextmanager
    def changing(self):
        """Within this, and after an exception in it, the state is no whole one."""
        self.whole = False
        yield
        self.whole = True

    def update_average(self):
        """Let the parameters after this step into their average, if there is one."""
        if self.settings.averaging:
            begun = self.supervised if self.step > self.supervised else 0
            update_average(
                self.average, self.model.params, self.settings.averaging, self.step - begun
            )

    @contextmanager
    def averaged(self):
        """Within this, the model has the averaged parameters, if there are any."""
        params = self.model.params
        self.model.params = self.average or params
        try:
            yield
        finally:
            self.model.params = params

    def show_best(self, on_best):
        """Call `on_best` as if the best state were new, if there is one."""
        if self.best["record"]:
            now = self.model.arrays()
            self.model.restore(self.best["arrays"])
            on_best(self.best["record"])
            self.model.restore(now)

    def state(self):
        """What `restore` needs, in another process too.

        Returns
        -------
        arrays : dict of ndarray
            Partly live: write or copy them before the next step.
        kept : dict
            What JSON can hold.
        """
        groups = {
            "model": self.model.arrays(),
            "average": self.average,
            "best": self.best["arrays"],
            "optimiser": self.optimiser.state,
            "watch": {"norms": np.array(self.watch.norms)},
        }
        arrays = {
            f"{prefix}.{name}": array
            for prefix in PREFIXES for name, array in groups[prefix].items()
        }
        return arrays, {
            "training": asdict(self.settings),
            "captioner": self.model.settings.as_dict(),
            "step": self.step,
            "record": self.record,
            "open": self.open,
            "seconds": self.seconds,
            "settled": self.model.settled,
            "place": self.epochs.place,
            "dropout": self.pool.random_states,
            "best": {name: self.best[name] for name in ("score", "record", "waited")},
            "watch": self.watch.state,
        }

    def restore(self, arrays, kept):
        """Take over what `state` gave.

        Raises
        ------
        SattError
            If it is of other settings, another model or another version of satt.
        """
        try:
            self._check_settings(kept)
            groups = {prefix: {} for prefix in PREFIXES}
            for name, array in arrays.items():
                prefix, _, name = name.partition(".")
                groups[prefix][name] = array
            self.model.restore(groups["best"])  # a check: they must fit as well
            self.model.restore(groups["model"])
            self.model.settled = kept["settled"]
            self._check_averages(groups["optimiser"])
            self._check_average(groups["average"], kept["step"])
            self.average = {name: np.array(array) for name, array in groups["average"].items()}
            self.optimiser.state = groups["optimiser"]
            self.epochs.go_to(kept["place"])
            self.pool.random_states = kept["dropout"]
            self.best = {**kept["best"], "arrays": groups["best"]}
            if self.best["score"] is not None:
                self.best["score"] = tuple(self.best["score"])
            self.watch.norms, self.watch.state = groups["watch"]["norms"].tolist(), kept["watch"]
            self.step, self.record, self.open = kept["step"], kept["record"], kept["open"]
            self._before, self._begin = kept["seconds"], time.perf_counter()
        except SattError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SattError(
                f"run: what was saved lacks or has something unknown ({error!s:.100}); "
                "go on with the version of satt that wrote it"
            ) from error

    def _check_settings(self, kept):
        settings = {"training": asdict(self.settings), "captioner": self.model.settings.as_dict()}
        for kind, mine in json.loads(json.dumps(settings, default=to_plain)).items():
            for name in sorted(mine.keys() | kept[kind].keys()):
                was, now = kept[kind].get(name), mine.get(name)
                if was != now:
                    raise SattError(
                        f"{name}: the run was begun with {was!r}, this is {now!r}; "
                        "go on with the settings and the version of satt that it was begun with"
                    )

    def _check_averages(self, averages):
        for name, array in averages.items():
            param = self.model.params.get(name.partition(".")[2])
            if param is not None and param.shape != array.shape:
                raise SattError(
                    f"{name}: expected shape {param.shape}, got {array.shape}; "
                    "go on with the optimiser and the captioner that the run was begun with"
                )

    def _check_average(self, average, step):
        got = {name: array.shape for name, array in average.items()}
        params = self.model.params if self.settings.averaging and step else {}
        wanted = {name: param.shape for name, param in params.items()}
        if got != wanted:
            name = min(name for name, _ in got.items() ^ wanted.items())
            raise SattError(
                f"average of {name}: expected shape {wanted.get(name)}, got {got.get(name)}; "
                "go on with the captioner that the run was begun with"
            )
