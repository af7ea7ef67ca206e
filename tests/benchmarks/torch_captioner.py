"""The same captioner in torch, with all taken out of the time loop that can be (hoisted)."""

import torch

F = torch.nn.functional


def encode(images, p, statistics):
    """Turn images (N, H, W, 3) into grids; without statistics each batch has its own."""
    x = images.permute(0, 3, 1, 2)
    for block, stride, pooled in ((1, 2, True), (2, 1, False), (3, 1, True), (4, 1, False)):
        filters = p[f"encoder.conv{block}.W"].permute(3, 2, 0, 1)
        x = F.conv2d(x, filters, stride=stride, padding=1)
        norm = f"encoder.norm{block}"
        mean, variance = statistics.get(f"{norm}.mean"), statistics.get(f"{norm}.variance")
        x = F.batch_norm(
            x, mean, variance, p[f"{norm}.gamma"], p[f"{norm}.beta"], training=mean is None
        )
        x = F.relu(F.max_pool2d(x, 2) if pooled else x)
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def start(grid, p):
    """Keys, state and cell; and the questions to the state side by side."""
    mean = grid.mean(dim=1)
    state = torch.tanh(mean @ p["decoder.initial_state.W_state"]
                       + p["decoder.initial_state.b_state"])
    cell = torch.tanh(mean @ p["decoder.initial_state.W_cell"] + p["decoder.initial_state.b_cell"])
    keys = grid @ p["decoder.alignment.W_grid"]
    W_asked = torch.cat([
        p["decoder.alignment.W_state"], p["decoder.lstm.W_state"], p["decoder.gate.W"]
    ], dim=1)
    return keys, state, cell, W_asked


def step(words_share, state, cell, grid, keys, W_asked, p, scale):
    """One step; `words_share` is the word's and the bias's part of the gates."""
    A, M = keys.shape[2], len(grid)
    answers = state @ W_asked
    query = answers[:, :A] + p["decoder.alignment.b"]
    joint = torch.tanh(keys[:, None] + query.view(M, -1, 1, A))
    attention = torch.softmax(joint @ p["decoder.alignment.v"], dim=2)
    context = (attention @ grid).flatten(0, 1)
    context = torch.sigmoid(answers[:, -1:] + p["decoder.gate.b"]) * context
    E = p["decoder.embedding.W"].shape[1]
    gates = words_share + answers[:, A:-1] + scale * (context @ p["decoder.lstm.W_x"][E:])
    i, f, o, g = gates.chunk(4, dim=1)
    cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(cell), cell, context, attention


def output(embedded, states, contexts, p, dropout=0.0):
    """The vocabulary's scores."""
    hidden = torch.tanh(
        embedded + states @ p["decoder.deep_output.W_state"]
        + contexts @ p["decoder.deep_output.W_context"] + p["decoder.deep_output.b"]
    )
    if dropout:
        hidden = F.dropout(hidden, dropout)
    return hidden @ p["decoder.vocabulary.W"] + p["decoder.vocabulary.b"]


def loss(
    images, words, p, scale, has_encoder, statistics, dropout=0.0, label_smoothing=0.0
):
    """Nats per caption of a batch; `words` (N, T + 1), those of an image one below the other."""
    grid = encode(images, p, statistics) if has_encoder else images
    keys, state, cell, W_asked = start(grid, p)
    k = len(words) // len(grid)
    state, cell = state.repeat_interleave(k, dim=0), cell.repeat_interleave(k, dim=0)
    embedded = F.embedding(words[:, :-1], p["decoder.embedding.W"])
    E = embedded.shape[2]
    shares = embedded @ p["decoder.lstm.W_x"][:E] + p["decoder.lstm.b"]
    states, contexts = [], []
    for words_share in shares.unbind(1):
        state, cell, context, _ = step(words_share, state, cell, grid, keys, W_asked, p, scale)
        states.append(state)
        contexts.append(context)
    logits = output(embedded, torch.stack(states, 1), torch.stack(contexts, 1), p, dropout)
    targets = words[:, 1:]
    nats = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0,
                           reduction="sum", label_smoothing=label_smoothing)
    return nats / len(words)


class TorchCaptioner:
    """The parameters of one of ours as tensors, and what is timed.

    Parameters
    ----------
    model : Captioner
    """

    def __init__(self, model, function=loss):
        self.p = {name: torch.tensor(value, requires_grad=True)
                  for name, value in model.params.items()}
        self.statistics = {name: torch.tensor(v) for name, v in model.statistics.items()}
        self.scale = model.settings.context_scale
        self.has_encoder = model.settings.encoder != "absent"
        self.function = function

    def loss_and_gradients(self, images, words, statistics=None):
        """Return the loss as a tensor; the gradients stand in `p`."""
        for tensor in self.p.values():
            tensor.grad = None
        value = self.function(
            images, words, self.p, self.scale, self.has_encoder, statistics or {}
        )
        value.backward()
        return value.detach()

    def greedy(self, images, max_length=20):
        """The words of each image, the stop word last."""
        with torch.no_grad():
            return self._decode(images, 1, max_length)

    def beam(self, images, beam_size, max_length=20):
        """The words of the best of some beams, for one image."""
        with torch.no_grad():
            return self._decode(images, beam_size, max_length)

    def _decode(self, images, K, max_length):
        p, scale = self.p, self.scale
        grid = encode(images, p, self.statistics) if self.has_encoder else images
        keys, state, cell, W_asked = start(grid, p)
        E = p["decoder.embedding.W"].shape[1]
        state, cell = state.expand(K, -1), cell.expand(K, -1)
        words = torch.full((K,), 1)
        totals = torch.full((K,), -torch.inf)
        totals[0] = 0
        said, finished = torch.zeros((K, 0), dtype=torch.long), torch.zeros(K, dtype=torch.bool)
        for _ in range(max_length):
            embedded = p["decoder.embedding.W"][words]
            share = embedded @ p["decoder.lstm.W_x"][:E] + p["decoder.lstm.b"]
            state, cell, context, _ = step(share, state, cell, grid, keys, W_asked, p, scale)
            scores = torch.log_softmax(_forbid(output(embedded, state, context, p)), dim=1)
            scores[finished] = -torch.inf
            scores[finished, 2] = 0
            values, places = (totals[:, None] + scores).flatten().topk(K)
            parents, words = places // scores.shape[1], places % scores.shape[1]
            totals, state, cell = values, state[parents], cell[parents]
            said = torch.cat([said[parents], words[:, None]], dim=1)
            finished = words == 2
            if finished.all():
                break
        lengths = (said != 2).sum(dim=1) + finished
        best = (totals / ((5 + lengths) / 6) ** 0.6)
        best[~finished & finished.any()] = -torch.inf
        row = said[best.argmax()].tolist()
        return row[: row.index(2) + 1] if 2 in row else row


def _forbid(logits):
    logits[:, :2] = -torch.inf  # padding and <start> are never said
    return logits
