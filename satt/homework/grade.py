"""Many submissions, graded side by side; whatever one of them does, the others get their marks."""

import ast
import concurrent.futures
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures.process import BrokenProcessPool

from satt.errors import SattError
from satt.homework.archives import submission_name
from satt.homework.cases import cases_of, stem
from satt.homework.judge import judge, parts_of
from satt.homework.results import FunctionResult, SubmissionResult
from satt.homework.scratch import PREFIX, put_folders_in
from satt.homework.sets import load_set
from satt.homework.staging import staged

ANSWERS = ("satt", "gradcheck")
GRACE = 5.0  # seconds in which a process ends a student's, when the grader is gone


def grade(submission, homework, limits, with_hidden=True, keep_output=False, only=None):
    """Grade one submission.

    Parameters
    ----------
    submission : Path
        A folder or an archive.
    homework : HomeworkSet
    limits : Limits
    with_hidden : bool, optional
        Whether the hidden cases count too.
    keep_output : bool, optional
        Whether to keep the beginning of what the code prints.
    only : collection of str, optional
        The names of the functions to grade; None for all.

    Returns
    -------
    SubmissionResult
        Whatever the submission does.
    """
    name, start = submission_name(submission), time.monotonic()
    try:
        with staged(submission, homework) as (folder, sources):
            result = judge(name, folder, homework, limits, with_hidden, keep_output, only)
            notes = _notes(sources, homework)
    except SattError as error:
        return _nothing(name, homework, str(error), time.monotonic() - start)
    except Exception as error:  # ours, or something nobody has thought of: the others go on
        text = f"could not be graded, look at it by hand: {type(error).__name__}: {error}"
        return _nothing(name, homework, text, time.monotonic() - start)
    return SubmissionResult(
        name, result.functions, notes=notes, seconds=time.monotonic() - start, noise=result.noise
    )


def grade_all(submissions, set_name, limits, jobs):
    """Grade many submissions.

    Parameters
    ----------
    submissions : list of Path
    set_name : str
        As for `load_set`: each process loads it anew.
    limits : Limits
    jobs : int
        Processes, of one submission each at a time.

    Yields
    ------
    SubmissionResult
        As each is done.
    """
    waiting = list(submissions)
    # All processes keep their folders in this one, which is removed whatever becomes of them.
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as scratch:
        os.chmod(scratch, 0o711)  # a student's process, another user, cannot list the others
        # One that brings down even the grader's process is tried alone, and then given up.
        for workers in (jobs, 1):
            failed = []
            for one in _batches(waiting, workers if workers > 1 else 0):
                failed += yield from _run(one, set_name, limits, workers, scratch)
            waiting = failed
    homework = load_set(set_name)
    for path in waiting:
        yield _nothing(submission_name(path), homework, "its grading ended the grader", 0.0)


def _batches(paths, workers):
    if workers:
        return [paths] if paths else []
    return [[path] for path in paths]


def _run(paths, set_name, limits, workers, scratch):
    """Grade in processes; return those that were lost with a process."""
    context = multiprocessing.get_context("spawn")
    failed = []
    with concurrent.futures.ProcessPoolExecutor(
        min(workers, len(paths)), context, _begin, (scratch,)
    ) as pool:
        futures = {pool.submit(_grade_one, path, set_name, limits): path for path in paths}
        try:
            for future in concurrent.futures.as_completed(futures):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    failed.append(futures[future])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return failed


def _begin(scratch):
    """Leave Ctrl-C to the main process, which then asks us to end; we end the student's first."""
    for name in ("SIGINT", "SIGHUP"):  # both reach us when a terminal is closed
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    put_folders_in(scratch)
    threading.Thread(target=_end_with_the_grader, args=(scratch,), daemon=True).start()


def _end_with_the_grader(scratch):
    """End too when the main process is gone without having asked, and tidy up in its place."""
    multiprocessing.parent_process().join()
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
        time.sleep(GRACE)
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)


_is_ended = False


def _end(number, frame):
    global _is_ended
    _is_ended = True  # what waits in the queue is not to be begun
    sys.exit(1)


def _grade_one(path, set_name, limits):
    if _is_ended:
        sys.exit(1)
    return grade(path, _homework(set_name), limits)


_sets = {}


def _homework(set_name):
    if set_name not in _sets:
        _sets[set_name] = load_set(set_name)
    return _sets[set_name]


def _nothing(name, homework, problem, seconds):
    """The result of a submission that could not even be begun."""
    functions = tuple(
        FunctionResult(f.name, f.file, f.points, parts_of(f, cases_of(stem(f.name))),
                       kind="not-graded", problem=problem)
        for f in homework.functions
    )
    return SubmissionResult(name, functions, problem, seconds=seconds)


def _notes(sources, homework):
    """What a look at the source says, without running it."""
    notes = []
    for file in dict.fromkeys(function.file for function in homework.functions):
        if file not in sources:
            notes.append(f"{file} is not there")
            continue
        found = imported_answers(sources[file])
        if found:
            notes.append(f"{file} imports {', '.join(found)}: homework has to do without; what "
                         "it needs is in given/")
    return tuple(notes)


def imported_answers(source):
    """List what a source imports of satt and gradcheck.

    Parameters
    ----------
    source : str

    Returns
    -------
    modules : list of str
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(node.module)
    return sorted({name for name in found if name.partition(".")[0] in ANSWERS})
