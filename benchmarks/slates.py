"""What `bench slates` wrote, as other rankers learn from it and are asked about it: the folder is the first argument.

Learned are the first two rounds of the rehearsal, passes are chosen by the third; what is asked are the targets of the
protocol. Of a slate that is learned, NEGATIVES others stand beside the target.
"""
import json
import sys

import numpy as np

NEGATIVES, ROUNDS = 63, 3
NOT_FOUND = 10**6

folder = sys.argv[1]
shapes = json.load(open(f"{folder}/shapes.json"))
names, K, F, C = shapes["names"], shapes["candidates"], len(shapes["names"]), len(shapes["contextNames"])


class Part:
    """Slates of a part: (n, K, F) features, centred by slate and 0 beyond its candidates, and what belongs to them."""

    def __init__(self, part):
        n = shapes["counts"][part]
        read = lambda column, kind: np.fromfile(f"{folder}/{part}.{column}", kind)
        self.rows = np.memmap(f"{folder}/{part}.rows", np.float16, "r", shape=(n, K, F))
        self.items = read("items", np.int32).reshape(n, K)
        self.target = read("target", np.int32)
        self.context = read("context", np.float32).reshape(n, C)
        self.history = read("history", np.int32).reshape(n, -1, 4)
        self.satisfied = read("satisfied", np.float32)
        self.n = n

    def slates(self, at):
        x = np.asarray(self.rows[at], np.float32)
        there = (self.items[at] >= 0)[..., None]
        means = (x * there).sum(1, keepdims=True) / np.maximum(1, there.sum(1, keepdims=True))
        return (x - means) * there


def others(part, slate):
    return np.setdiff1d(np.flatnonzero(part.items[slate] >= 0), [part.target[slate]])


def sample(part, at, seed):
    """(n, 1 + NEGATIVES) rows of each slate: the target, then others."""
    generator = np.random.default_rng(seed)
    rows = np.zeros((len(at), NEGATIVES + 1), np.int64)
    for i, slate in enumerate(at):
        rest = others(part, slate)
        rows[i] = [part.target[slate], *generator.choice(rest, NEGATIVES, replace=len(rest) < NEGATIVES)]
    return rows


cases, asked = Part("cases"), Part("asked")
every = np.arange(asked.n)
third = cases.n // ROUNDS
found = np.flatnonzero(cases.target >= 0)
learned, chosen_by = found[found < 2 * third], np.arange(2 * third, cases.n)
drawn = sample(cases, learned, 1)
X = np.stack([cases.slates([i])[0][rows] for i, rows in zip(learned, drawn)])
scale = 1 / np.maximum(1e-3, X.reshape(-1, F).std(0))
middle, spread = cases.context[learned].mean(0), np.maximum(1e-3, cases.context[learned].std(0))
X = (X * scale).astype(np.float16)
T = np.take_along_axis(cases.items[learned], drawn, 1)
context_of = lambda part, at: np.clip((part.context[at] - middle) / spread, -4, 4)


def scored(part, at, score):
    """Scores of whole slates, -inf for what is no candidate."""
    out = np.full((len(at), K), -np.inf, np.float32)
    for begin in range(0, len(at), 256):
        some = at[begin : begin + 256]
        out[begin : begin + 256] = score(part, some, part.slates(some) * scale)
    return np.where(part.items[at] >= 0, out, -np.inf)


def ranks(part, at, scores):
    target = part.target[at]
    own = np.take_along_axis(scores, np.maximum(0, target)[:, None], 1)
    return np.where(target >= 0, (scores > own).sum(1), NOT_FOUND)


def hits(rank):
    return (rank < 10).astype(float)


def gains(rank):
    """NDCG@10 by user: one item is relevant."""
    return np.where(rank < 10, 1 / np.log2(rank + 2.0), 0)


def figures(rank):
    hit = hits(rank)
    generator = np.random.default_rng(1)
    means = [hit[generator.integers(0, len(rank), len(rank))].mean() for _ in range(1000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{hit.mean():.4f} ({low:.3f}-{high:.3f})  {gains(rank).mean():.4f}  {(1 / (rank + 1.0)).mean():.4f}"


def report(name, rank):
    print(f"{name:44}{figures(rank)}", flush=True)
