"""What came of a submission: for each function its parts, and for each part its cases."""

from dataclasses import dataclass, field

# A function that changes what it was given loses this share of what it earned.
IMPURE = 0.2
SHOWN = 0.5  # the share of a part's points that its shown cases are worth


@dataclass(frozen=True)
class Verdict:
    """What one case says of one part: an output, or a gradient.

    Attributes
    ----------
    part : str
        As "scores" or "dkeys".
    about : str
        What is special about the case.
    is_hidden : bool
    ok : bool
    counts : bool
        Whether the case shows anything: nothing compared with nothing does not.
    kind : str
        Why it is wrong, as a word: one of `gradcheck.diagnosis.KINDS`, or "raises", "wrong", ...
    text : str
        What is wrong, in a line.
    hint : str
        What is likely the reason and where to look.
    """

    part: str
    about: str
    is_hidden: bool
    ok: bool
    counts: bool = True
    kind: str = ""
    text: str = ""
    hint: str = ""


@dataclass(frozen=True)
class FunctionResult:
    """What came of one function.

    Attributes
    ----------
    name, file : str
    points : float
        That can be had.
    parts : tuple of str
    verdicts : tuple of Verdict
    kind, problem : str
        What keeps the whole function from marks, as a word and in a line: it is not written yet,
        it ran on when the time was over, its process ended; else empty.
    impure : tuple of str
        What it changes and should not, a sentence each.
    calls : tuple of str
        Functions of the homework that it calls and that are wrong themselves: it may be wrong
        for no other reason.
    """

    name: str
    file: str
    points: float
    parts: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = ()
    kind: str = ""
    problem: str = ""
    impure: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()

    def share(self, part, is_hidden):
        """How many of a part's cases are right, between 0 and 1; None if there is no case.

        Parameters
        ----------
        part : str
        is_hidden : bool
            Of the hidden cases, or of the shown ones.

        Returns
        -------
        float or None
        """
        found = [v for v in self.verdicts if v.part == part and v.is_hidden == is_hidden]
        counting = [v for v in found if v.counts or not v.ok]
        if self.problem:
            return 0.0
        return sum(v.ok for v in counting) / len(counting) if counting else None

    def worth(self, part, is_hidden):
        """The points that a part's hidden or shown cases can bring.

        Parameters
        ----------
        part : str
        is_hidden : bool

        Returns
        -------
        float
        """
        whole = self.points / len(self.parts)
        kinds = {v.is_hidden for v in self.verdicts if v.part == part and (v.counts or not v.ok)}
        if len(kinds) == 1 or not kinds:
            return whole if is_hidden in (kinds or {False}) else 0.0
        return whole * (1 - SHOWN if is_hidden else SHOWN)

    def earned(self, part, is_hidden):
        """The points that a part's hidden or shown cases bring.

        Parameters
        ----------
        part : str
        is_hidden : bool

        Returns
        -------
        float
        """
        share = self.share(part, is_hidden)
        return (share or 0.0) * self.worth(part, is_hidden) * (1 - IMPURE * bool(self.impure))

    @property
    def score(self):
        """The points it earned."""
        return sum(self.earned(part, is_hidden) for part in self.parts for is_hidden in (0, 1))

    @property
    def ok(self):
        """Whether nothing is wrong."""
        return not self.problem and not self.impure and all(v.ok for v in self.verdicts)

    @property
    def wrong(self):
        """What is wrong with each part: the first case of each kind, shown cases first."""
        first = {}
        for verdict in sorted(self.verdicts, key=lambda v: v.is_hidden):
            if not verdict.ok:
                first.setdefault((verdict.part, verdict.kind), verdict)
        order = {part: place for place, part in enumerate(self.parts)}
        return sorted(first.values(), key=lambda v: order.get(v.part, len(order)))

    @property
    def kinds(self):
        """Everything that is wrong, as words, each once."""
        found = [self.kind] if self.problem else [v.kind for v in self.wrong]
        return list(dict.fromkeys([*found, *(["mutates"] if self.impure else [])]))


@dataclass(frozen=True)
class SubmissionResult:
    """What came of a submission.

    Attributes
    ----------
    name : str
    functions : tuple of FunctionResult
    problem : str
        What keeps all of it from marks; else empty.
    notes : tuple of str
        What else there is to say.
    seconds : float
        That its grading took.
    noise : str
        The beginning of what its code printed, if that was kept.
    """

    name: str
    functions: tuple[FunctionResult, ...]
    problem: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    noise: str = field(default="", repr=False)

    @property
    def score(self):
        """All points it earned."""
        return round(sum(function.score for function in self.functions), 4)

    @property
    def points(self):
        """All points that can be had."""
        return sum(function.points for function in self.functions)

    @property
    def ok(self):
        """Whether nothing is wrong."""
        return not self.problem and all(function.ok for function in self.functions)
