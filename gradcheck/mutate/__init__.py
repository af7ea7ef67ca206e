"""Who checks the checker? Every backward is broken in many ways, and each must be noticed.

A mutant is a backward whose syntax tree differs in one place: a term dropped, a sign flipped, a
sum forgotten, an index, a mask. One that passes the check of every case it takes part in shows a
hole, in the check or in the cases, unless it computes the same as the original for any input.
Those are listed in `gradcheck/cases/equivalent_mutants.json`, each with a proof, and their
equivalence is computed anew.
"""

from gradcheck.mutate.run import Count, Outcome, run

__all__ = ["Count", "Outcome", "run"]
