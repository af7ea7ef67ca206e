"""What students and teachers read of the results.

    words          a function's result in words, for all of the others
    student        what `satt homework check` prints
    gradescope     `results.json`
    marks          `marks.csv`
    class_page     which mistake how often: what to go over in the next lecture
"""
