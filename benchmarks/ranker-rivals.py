"""Other rankers on the slates that ours learns from and is asked about, and ours without some of what it sees.

    npm run tributary -- bench slates --data ml-1m --home HOME
    python -m venv venv && venv/bin/pip install numpy jax optax lightgbm
    venv/bin/python benchmarks/ranker-rivals.py HOME/slates/ml-1m [features deepfm dcn trees din]

Leave-one-out: learned are the first two rounds of the rehearsal, passes and trees are chosen by the third, figures are of
the targets of the protocol. Everything is trained on the same 63 others of a slate, by the same softmax over it; trees by
LightGBM's lambdarank. Then ours without some of its features, and with histories three events old.
"""
import json
import sys

import jax
import jax.numpy as jnp
import lightgbm
import numpy as np
import optax

NEGATIVES, BATCH, PASSES, SEEDS, ROUNDS = 63, 64, 8, 3, 3
DIMENSIONS, HIDDEN = 16, 32

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
        self.n = n

    def slates(self, at):
        x = np.asarray(self.rows[at], np.float32)
        there = (self.items[at] >= 0)[..., None]
        means = (x * there).sum(1, keepdims=True) / np.maximum(1, there.sum(1, keepdims=True))
        return (x - means) * there


def sample(part, at, seed):
    """(n, 1 + NEGATIVES) rows of each slate: the target, then others."""
    generator = np.random.default_rng(seed)
    rows = np.zeros((len(at), NEGATIVES + 1), np.int64)
    for i, slate in enumerate(at):
        others = np.setdiff1d(np.flatnonzero(part.items[slate] >= 0), [part.target[slate]])
        rows[i] = [part.target[slate], *generator.choice(others, NEGATIVES, replace=len(others) < NEGATIVES)]
    return rows


cases, asked = Part("cases"), Part("asked")
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
    return np.where(target >= 0, (scores > own).sum(1), 10**6)


def figures(rank):
    hit, gain = rank < 10, np.where(rank < 10, 1 / np.log2(rank + 2.0), 0)
    generator = np.random.default_rng(1)
    means = [hit[generator.integers(0, len(rank), len(rank))].mean() for _ in range(1000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{hit.mean():.4f} ({low:.3f}-{high:.3f})  {gain.mean():.4f}  {(1 / (rank + 1.0)).mean():.4f}"


def parameters(kind, seed):
    keys = iter(jax.random.split(jax.random.PRNGKey(seed), 20))
    dense = lambda *shape: jax.random.normal(next(keys), shape) / np.sqrt(shape[0])
    p = {"linear": jnp.zeros(F).at[names.index("blend")].set(1.0)}
    width = F + (2 * DIMENSIONS + 1 if kind == "din" else 0)
    p |= {"hidden": dense(width, HIDDEN), "context": dense(C, HIDDEN), "bias": jnp.zeros(HIDDEN), "out": jnp.zeros(HIDDEN)}
    if kind == "dcn":
        p |= {"cross": [dense(F + C, 8) * 0.3 for _ in range(2)], "back": [dense(8, F + C) * 0.3 for _ in range(2)]}
        p |= {"crossed": jnp.zeros(F + C)}
    if kind == "deepfm":
        p |= {"factors": dense(F + C, 8) * 0.1}
    if kind == "din":
        p |= {"items": jax.random.normal(next(keys), (shapes["items"] + 1, DIMENSIONS)) * 0.1}
        p |= {"unit": dense(3 * DIMENSIONS, 16), "unit_out": dense(16, 1), "age": jnp.zeros(64), "value": jnp.zeros(64)}
    return p


def logits(kind, p, x, context, items, history):
    """(b, k): x (b, k, F), context (b, C), items (b, k), history (b, entries, 4)."""
    both = jnp.concatenate([x, jnp.broadcast_to(context[:, None], (*x.shape[:2], C))], -1)
    inputs, extra = x, 0.0
    if kind == "dcn":  # Wang et al., DCN-V2, WWW 2021, low rank
        layer = both
        for down, up in zip(p["cross"], p["back"]):
            layer = both * ((layer @ down) @ up) + layer
        extra = layer @ p["crossed"]
    if kind == "deepfm":  # Guo et al., IJCAI 2017
        sums, squares = both @ p["factors"], (both**2) @ (p["factors"] ** 2)
        extra = 0.5 * (sums**2 - squares).sum(-1)
    if kind == "din":  # Zhou et al., KDD 2018
        e_t, e_h = p["items"][items], p["items"][history[..., 0]]
        pair = jnp.concatenate(
            [
                jnp.broadcast_to(e_h[:, None], (*x.shape[:2], *e_h.shape[1:])),
                jnp.broadcast_to(e_t[:, :, None], (*x.shape[:2], e_h.shape[1], DIMENSIONS)),
                e_h[:, None] * e_t[:, :, None],
            ],
            -1,
        )
        activation = (jax.nn.relu(pair @ p["unit"]) @ p["unit_out"])[..., 0]
        factor = jnp.exp(p["age"][history[..., 3]] + p["value"][history[..., 2]]) * (history[..., 0] >= 0)
        interest = jnp.einsum("bkh,bh,bhd->bkd", activation, factor, e_h)
        inputs = jnp.concatenate([x, interest, e_t, (interest * e_t).sum(-1, keepdims=True)], -1)
    layer = jax.nn.relu(inputs @ p["hidden"] + (context @ p["context"])[:, None] + p["bias"])
    return x @ p["linear"] + layer @ p["out"] + extra


def train(kind, seed, without=()):
    """Scores by part, at the pass that the third round likes best."""
    keep = jnp.array([name not in without for name in names], jnp.float32)
    p = parameters(kind, seed)
    steps = PASSES * (len(learned) // BATCH)
    optimiser = optax.adamw(optax.cosine_decay_schedule(3e-3, steps, 0.02), weight_decay=1e-4)

    def loss(p, x, context, items, history):
        return -jax.nn.log_softmax(logits(kind, p, x * keep, context, items, history))[:, 0].mean()

    @jax.jit
    def step(p, state, *batch):
        value, gradient = jax.value_and_grad(loss)(p, *batch)
        updates, state = optimiser.update(gradient, state, p)
        return optax.apply_updates(p, updates), state, value

    forward = jax.jit(lambda p, *slates: logits(kind, p, slates[0] * keep, *slates[1:]))
    state, best, generator = optimiser.init(p), (-1.0, None), np.random.default_rng(seed)
    for _ in range(PASSES):
        order = generator.permutation(len(learned))
        for begin in range(0, len(order) - BATCH + 1, BATCH):
            some = order[begin : begin + BATCH]
            at = learned[some]
            p, state, _ = step(p, state, X[some].astype(np.float32), context_of(cases, at), T[some], cases.history[at])
        score = lambda part, at, x, p=p: forward(p, x, context_of(part, at), part.items[at], part.history[at])
        rank = ranks(cases, chosen_by, scored(cases, chosen_by, score))
        gain = np.where(rank < 10, 1 / np.log2(rank + 2.0), 0).mean()
        if gain > best[0]:
            best = (gain, score)
    return best[1]


def trees():
    fit = lightgbm.Dataset(
        np.concatenate([X, np.broadcast_to(context_of(cases, learned)[:, None], (*X.shape[:2], C))], -1).reshape(-1, F + C),
        np.tile(np.eye(1, NEGATIVES + 1, dtype=np.int32)[0], len(learned)),
        group=np.full(len(learned), NEGATIVES + 1),
    )
    options = {"objective": "lambdarank", "learning_rate": 0.05, "num_leaves": 31, "min_data_in_leaf": 200, "verbose": -1}
    options |= {"lambdarank_truncation_level": 20, "num_threads": 2, "seed": 1, "feature_fraction": 0.5}
    model = lightgbm.train(options, fit, 300)

    def score(count):
        def of(part, at, x):
            whole = np.concatenate([x, np.broadcast_to(context_of(part, at)[:, None], (*x.shape[:2], C))], -1)
            return model.predict(whole.reshape(-1, F + C), num_iteration=count).reshape(len(at), K)

        return of

    gains = {}
    for count in (100, 200, 300):
        rank = ranks(cases, chosen_by, scored(cases, chosen_by, score(count)))
        gains[count] = np.where(rank < 10, 1 / np.log2(rank + 2.0), 0).mean()
    return score(max(gains, key=gains.get))


def standard(scores):
    there = np.isfinite(scores)
    values = np.where(there, scores, 0)
    mean = values.sum(1, keepdims=True) / there.sum(1, keepdims=True)
    deviation = np.sqrt((np.where(there, values - mean, 0) ** 2).sum(1, keepdims=True) / there.sum(1, keepdims=True))
    return (scores - mean) / deviation


def report(name, rank):
    print(f"{name:44}{figures(rank)}", flush=True)


every = np.arange(asked.n)
print(f"{'':44}HR@10 (95 %)            NDCG@10 MRR")
report("the blend's own order", np.where(asked.target >= 0, asked.target, 10**6))
outcomes = {}
for kind in sys.argv[2:] or ("features", "deepfm", "dcn", "trees", "din"):
    if kind == "trees":
        outcomes[kind] = scored(asked, every, trees())
        report("trees (lambdarank)", ranks(asked, every, outcomes[kind]))
        continue
    runs = [scored(asked, every, train(kind, seed)) for seed in range(1, (1 if kind == "din" else SEEDS) + 1)]
    for seed, scores in enumerate(runs, 1):
        report(f"{kind}, seed {seed}", ranks(asked, every, scores))
    outcomes[kind] = runs[0]
    if len(runs) > 1:
        report(f"{kind}, {len(runs)} seeds together", ranks(asked, every, sum(map(standard, runs))))
for kind in outcomes:
    if kind != "trees" and "trees" in outcomes:
        report(f"{kind} and trees together", ranks(asked, every, standard(outcomes[kind]) + standard(outcomes["trees"])))

statistics = {"visits", "popularity", "trend", "mean-rating", "visits-from-recent", "popular", "trending", "favourite-genre"}
content = {"year", "year-from-last", "year-from-recent", "genre-preference", "genres-of-last", "genres-of-recent"}
models = {name for name in names if "sequence" in name or "two-tower" in name or name == "trained-item-cf"}
for what, without in {
    "content": content,
    "statistics of items": statistics,
    "trained models": models,
    "sources and models": set(names) - content - statistics - {"blend"},
}.items():
    report(f"features without {what}", ranks(asked, every, scored(asked, every, train("features", 1, without))))
if "frozen" in shapes["counts"]:
    frozen = Part("frozen")
    report("features, histories three events old", ranks(frozen, every, scored(frozen, every, train("features", 1))))
