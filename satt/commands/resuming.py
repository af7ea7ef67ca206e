"""What a folder keeps of `satt train`, so that `satt train --resume` can go on with it."""

import io
import warnings
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from satt.commands.output import as_typed
from satt.commands.sources import SCENES
from satt.errors import SattError

CHECKPOINT, LOG, SAVED_RUN = "checkpoint.npz", "log.jsonl", "resume.npz"
KIND = "run"
DEFAULT_FOLDER = "satt-run"


def check_free(folder, overwrite):
    """Raise a SattError if a folder holds a run that is not to be overwritten."""
    if overwrite:
        return
    log = folder / LOG
    if (folder / SAVED_RUN).exists() and not _is_finished(folder):
        raise SattError(
            f"--out: {folder} holds a run that is not finished; add --resume to go on with it, "
            "or --overwrite to begin anew"
        )
    if (folder / SAVED_RUN).exists() or (log.is_file() and log.stat().st_size):
        raise SattError(
            f"--out: {folder} already holds a run; choose another folder, or add --overwrite"
        )


def _is_finished(folder):
    try:
        return load_run(folder)[1]["finished"]
    except SattError:
        return False


def load_run(folder):
    """Read the run that a folder keeps.

    Returns
    -------
    arrays : dict of ndarray
    kept : dict
        finished; options; step; and unless it is finished words, data, run.

    Raises
    ------
    SattError
        If there is none, or none that can be read.
    """
    from satt.training.checkpoint import load_checkpoint

    path = folder / SAVED_RUN
    if not path.exists():
        raise SattError(
            f"--resume: {folder} holds no run to go on with (there is no {SAVED_RUN}); name "
            "another folder with --out, or begin a run without --resume"
        )
    try:
        arrays, kept = load_checkpoint(path)
        if not isinstance(kept, dict) or kept.get("kind") != KIND:
            raise SattError(f"checkpoint: {path} holds no run")
    except SattError as error:
        raise SattError(
            f"--resume: {error} ({folder / CHECKPOINT} is left as it is; --overwrite instead of "
            "--resume begins anew)"
        ) from error
    return arrays, kept


def resumed_options(folder, kept, defaults, given):
    """Take the options from a run; those given again must be the same.

    Parameters
    ----------
    folder : Path
    kept : dict
        From `load_run`.
    defaults, given : dict
        By an option's name: what it is by default, and what the user has given.

    Returns
    -------
    options : dict

    Raises
    ------
    SattError
        If one is contradicted, or the run has not the options of this version.
    """
    options = kept["options"]
    if options.keys() != defaults.keys():
        names = ", ".join(sorted(options.keys() ^ defaults.keys()))
        raise SattError(
            f"--resume: the run in {folder} was begun by a satt with other options ({names}); go "
            "on with that version"
        )
    for name, value in given.items():
        # The same photographs may lie elsewhere now; whether they are the same is seen later.
        moved = name == "data" and SCENES not in (value, options["data"])
        if value != options[name] and not moved:
            option = "--" + name.replace("_", "-")
            begun = "its default" if options[name] is None else options[name]
            raise SattError(
                f"{option}: the run in {folder} was begun with {begun}, got {value}; leave "
                f"{option} out to go on, or begin another run with another --out"
            )
    return options | given


def check_options(folder, options, parse):
    """Raise a SattError for options that the command line would not take.

    Parameters
    ----------
    folder : Path
    options : dict
        From `resumed_options`.
    parse : callable
        From a list of texts to a namespace, as the command line is read.
    """
    texts = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()
             if value is not None]
    try:
        with redirect_stderr(io.StringIO()):
            taken = vars(parse(texts))
    except SystemExit:
        raise SattError(
            f"--resume: {folder / SAVED_RUN} was begun with an option that cannot be; begin "
            "anew with --overwrite"
        ) from None
    for name, value in options.items():
        if taken[name] != value:
            raise SattError(
                f"--resume: {folder / SAVED_RUN} was begun with {value!r:.60} for "
                f"--{name.replace('_', '-')}; begin anew with --overwrite"
            )


def fingerprint(data):
    """Tell images and captions from others: how many there are, and a hash of all.

    Parameters
    ----------
    data : CaptionData

    Returns
    -------
    list of int and str
    """
    import hashlib

    import numpy as np

    found = hashlib.blake2b(digest_size=16)
    found.update(repr((data.images.shape, str(data.images.dtype))).encode())
    for image in data.images:
        found.update(np.ascontiguousarray(image))
    found.update(repr((data.captions, data.names)).encode("utf-8", "surrogatepass"))
    return [len(data), found.hexdigest()]


class KeptRun:
    """What a run leaves in its folder while it trains.

    Parameters
    ----------
    folder : Path
    options : dict
    data, validation : CaptionData
    vocabulary : Vocabulary

    Attributes
    ----------
    records : list of dict
        What the log holds.
    """

    def __init__(self, folder, options, data, validation, vocabulary):
        self.folder, self.records = folder, []
        self._about = {
            "kind": KIND,
            "finished": False,
            "options": options,
            "words": vocabulary.words,
            "data": {"training": fingerprint(data), "validation": fingerprint(validation)},
        }

    def begin(self):
        """Clear the folder of an earlier run."""
        self._remove_leftovers()
        (self.folder / SAVED_RUN).unlink(missing_ok=True)
        (self.folder / LOG).unlink(missing_ok=True)

    def go_on(self, kept):
        """Bring the folder back to where the state was saved.

        Raises
        ------
        SattError
            If data or vocabulary are not those of the run.
        """
        for part, now in self._about["data"].items():
            if kept["data"][part] != now:
                raise SattError(
                    f"--data: the {part} images and captions are not those that the run in "
                    f"{self.folder} was begun with (there were {kept['data'][part][0]:,}, there "
                    f"are {now[0]:,}); bring those back, or begin another run with another --out"
                )
        if kept["words"] != self._about["words"]:
            raise SattError(
                f"vocabulary: the run in {self.folder} was begun with {len(kept['words']):,} "
                f"words that are not the {len(self._about['words']):,} of now; go on with the "
                "version of satt that it was begun with"
            )
        from satt.training.log import cut_log

        self._remove_leftovers()
        run = kept["run"]
        logged = run["step"] - run["open"]
        self.records = cut_log(self.folder / LOG, logged)
        if len(self.records) < logged:
            warnings.warn(
                f"{self.folder / LOG} holds {len(self.records):,} of the {logged:,} steps until "
                "now, so that the learning curve lacks the others; the training does not need it",
                stacklevel=2,
            )

    def log(self, record):
        """Keep the record of a step."""
        from satt.training.log import append_log

        self.records.append(record)
        with self._saving():
            append_log(self.folder / LOG, record)

    def save(self, arrays, state):
        """Keep the state between two steps."""
        from satt.training.checkpoint import save_checkpoint
        from satt.training.log import sync_log

        with self._saving():
            sync_log(self.folder / LOG)
            kept = {**self._about, "step": state["step"], "run": state}
            save_checkpoint(self.folder / SAVED_RUN, arrays, kept)

    def save_best(self, model, vocabulary, about):
        """Keep the best captioner."""
        from satt.training.keeping import save_captioner

        with self._saving():
            save_captioner(self.folder / CHECKPOINT, model, vocabulary, about)

    def finish(self):
        """Note that nothing is left to be done; the state is no longer needed."""
        from satt.training.checkpoint import save_checkpoint

        step = self.records[-1]["step"] if self.records else 0
        kept = {"kind": KIND, "finished": True, "options": self._about["options"], "step": step}
        save_checkpoint(self.folder / SAVED_RUN, {}, kept)

    @contextmanager
    def _saving(self):
        try:
            yield
        except (SattError, OSError) as error:
            command = how_to_go_on(self.folder)
            then = f"`{command}` goes on from the last state saved" if command else "begin again"
            raise SattError(f"{error}; put that right, and then {then}") from error

    def _remove_leftovers(self):
        from satt.training.whole_file import remove_leftovers

        for name in (CHECKPOINT, LOG, SAVED_RUN):
            remove_leftovers(self.folder / name)


@contextmanager
def told_how_to_go_on(folder):
    """Let Ctrl-C say how to go on with the folder's run."""
    try:
        yield
    except KeyboardInterrupt:
        command = how_to_go_on(folder)
        raise KeyboardInterrupt(
            f"interrupted; to go on: {command}" if command else "interrupted before the first step"
        ) from None


@contextmanager
def fitting_together(folder):
    """Tell in one line what a saved state leads to that is damaged where nobody expects it."""
    try:
        yield
    except SattError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise SattError(
            f"--resume: what {folder / SAVED_RUN} holds does not fit together "
            f"({type(error).__name__}: {error!s:.100}); begin anew with --overwrite"
        ) from error


def how_to_go_on(folder):
    """The command that goes on with a folder's run, as it is typed; None if nothing is saved."""
    if not (folder / SAVED_RUN).exists():
        return None
    where = () if folder == Path(DEFAULT_FOLDER) else ("--out", folder)
    return as_typed("satt", "train", "--resume", *where)
