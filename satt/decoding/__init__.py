"""From a model's logits to a caption: greedy, sampling and beam search, for every model.

A model offers two methods. Each array's first axis counts the items of the batch.

    memory, state = model.start(inputs)
        memory : tuple of arrays that stay the same for every word, such as (grid, keys); not
        written to
        state  : tuple of arrays that change with every word, such as (state, cell)
    logits, attention, state = model.step(words, memory, state)
        words (N,) integers, the words before; logits (N, V); attention (N, L), which is kept and
        must not change later. Beam search has one row for each item at the first word, and then
        as many as the beam is wide, one below the other
"""
