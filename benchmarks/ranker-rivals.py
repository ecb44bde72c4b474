"""Other rankers on the slates that ours learns from and is asked about, and ours without some of what it sees.

    npm run tributary -- bench slates --data ml-1m --home HOME
    python -m venv venv && venv/bin/pip install numpy jax optax lightgbm
    venv/bin/python benchmarks/ranker-rivals.py HOME/slates/ml-1m [features deepfm dcn trees din without]
    venv/bin/python benchmarks/ranker-rivals.py HOME/slates/ml-1m objectives
    venv/bin/python benchmarks/ranker-rivals.py HOME/slates/ml-1m attention

Leave-one-out (slates.py). Everything is trained on the same 63 others of a slate, by the same softmax over it; trees by
LightGBM's lambdarank. `without` is ours without some of its features, and with histories three events old. `objectives`
trains one network (dcn) by other losses, and with others that are hard to tell from the target, weighted or not by how many
of the slate they stand for; `attention` lets DIN add to what that network says, and for comparison another layer.
"""
import sys
from typing import Callable, NamedTuple

import jax
import jax.numpy as jnp
import lightgbm
import numpy as np
import optax

from slates import (
    C, F, K, NEGATIVES, NOT_FOUND, Part, T, X, asked, cases, chosen_by, context_of, drawn, every, gains, hits,
    learned, names, others, ranks, report, scale, scored, shapes,
)  # fmt: skip

BATCH, PASSES, SEEDS = 64, 8, 3
DIMENSIONS, UNIT, HIDDEN = 16, 16, 32
# Of the others of a slate, the hardest; the rest are drawn.
HARD = 31


def parameters(kind, seed):
    keys = iter(jax.random.split(jax.random.PRNGKey(seed), 20))
    dense = lambda *shape: jax.random.normal(next(keys), shape) / np.sqrt(shape[0])
    p = {"linear": jnp.zeros(F).at[names.index("blend")].set(1.0), "level": -jnp.log(1.0 * NEGATIVES)}
    width = F + (2 * DIMENSIONS + 1 if kind == "din" else 0)
    p |= {"hidden": dense(width, HIDDEN), "context": dense(C, HIDDEN), "bias": jnp.zeros(HIDDEN), "out": jnp.zeros(HIDDEN)}
    if kind == "dcn":
        p |= {"cross": [dense(F + C, 8) * 0.3 for _ in range(2)], "back": [dense(8, F + C) * 0.3 for _ in range(2)]}
        p |= {"crossed": jnp.zeros(F + C)}
    if kind == "deepfm":
        p |= {"factors": dense(F + C, 8) * 0.1}
    if kind == "din":
        p |= {"items": jax.random.normal(next(keys), (shapes["items"] + 1, DIMENSIONS)) * 0.1}
        p |= {"unit": [dense(DIMENSIONS, UNIT) for _ in range(3)], "unit_out": dense(UNIT, 1)[:, 0]}
        p |= {"age": jnp.zeros(64), "value": jnp.zeros(64), "position": jnp.zeros(cases.history.shape[1])}
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
    if kind == "din":  # Zhou et al., KDD 2018: the unit's first layer over [e_h, e_t, e_h e_t] is linear in e_t
        e_t, e_h = p["items"][items], p["items"][history[..., 0]]
        of_entry, of_target, of_product = p["unit"]
        pair = jnp.einsum("bhdu,bkd->bkhu", e_h[..., None] * of_product + of_target, e_t) + (e_h @ of_entry)[:, None]
        factor = jnp.exp(p["age"][history[..., 3]] + p["value"][history[..., 2]] + p["position"])
        weight = (jax.nn.relu(pair) @ p["unit_out"]) * (factor * (history[..., 0] >= 0))[:, None]
        interest = weight @ e_h
        inputs = jnp.concatenate([x, interest, e_t, (interest * e_t).sum(-1, keepdims=True)], -1)
    layer = jax.nn.relu(inputs @ p["hidden"] + (context @ p["context"])[:, None] + p["bias"])
    return x @ p["linear"] + layer @ p["out"] + extra


LOSSES = {
    "softmax": lambda p, scores: -jax.nn.log_softmax(scores)[:, 0].mean(),
    "pointwise": lambda p, scores: optax.sigmoid_binary_cross_entropy(scores + p["level"], jnp.eye(1, scores.shape[1])).mean(),
    "bpr": lambda p, scores: jax.nn.softplus(scores[:, 1:] - scores[:, :1]).mean(),  # Rendle et al., UAI 2009
}


class Trained(NamedTuple):
    """At the pass that the third round likes best."""

    score: Callable
    rank: np.ndarray
    parameters: dict


class Slates(NamedTuple):
    """Learned ones, the target first: (n, 1 + NEGATIVES, F), and the logarithm of how many each of its rows stands for."""

    x: np.ndarray
    items: np.ndarray
    log_weight: np.ndarray


DRAWN = Slates(X, T, np.zeros(T.shape, np.float32))


def train(kind, seed, without=(), loss="softmax", slates=DRAWN, beside=None):
    """`beside`: parameters of a dcn that this one adds to."""
    keep = jnp.array([name not in without for name in names], jnp.float32)
    p = parameters(kind, seed)
    if beside is not None:
        p |= {"linear": jnp.zeros(F), "trust": jnp.ones(())}
    steps = PASSES * (len(learned) // BATCH)
    optimiser = optax.adamw(optax.cosine_decay_schedule(3e-3, steps, 0.02), weight_decay=1e-4)

    def forward(p, x, *rest):
        own = logits(kind, p, x * keep, *rest)
        return own if beside is None else own + p["trust"] * logits("dcn", beside, x, *rest)

    @jax.jit
    def step(p, state, log_weight, *batch):
        gradient = jax.grad(lambda p: LOSSES[loss](p, forward(p, *batch) + log_weight))(p)
        updates, state = optimiser.update(gradient, state, p)
        return optax.apply_updates(p, updates), state

    forward_of = jax.jit(forward)
    state, best, generator = optimiser.init(p), None, np.random.default_rng(seed)
    for _ in range(PASSES):
        order = generator.permutation(len(learned))
        for begin in range(0, len(order) - BATCH + 1, BATCH):
            some = order[begin : begin + BATCH]
            at = learned[some]
            x = slates.x[some].astype(np.float32)
            batch = (x, context_of(cases, at), slates.items[some], cases.history[at])
            p, state = step(p, state, slates.log_weight[some], *batch)
        score = lambda part, at, x, p=p: forward_of(p, x, context_of(part, at), part.items[at], part.history[at])
        rank = ranks(cases, chosen_by, scored(cases, chosen_by, score))
        if best is None or gains(rank).mean() > gains(best.rank).mean():
            best = Trained(score, rank, p)
    return best


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

    by_count = {}
    for count in (100, 200, 300):
        rank = ranks(cases, chosen_by, scored(cases, chosen_by, score(count)))
        by_count[count] = gains(rank).mean()
    return score(max(by_count, key=by_count.get))


def standard(scores):
    there = np.isfinite(scores)
    values = np.where(there, scores, 0)
    mean = values.sum(1, keepdims=True) / there.sum(1, keepdims=True)
    deviation = np.sqrt((np.where(there, values - mean, 0) ** 2).sum(1, keepdims=True) / there.sum(1, keepdims=True))
    return (scores - mean) / deviation


def answers(score, part=asked):
    return scored(part, every, score)


def rivals(kinds):
    outcomes = {}
    for kind in kinds:
        if kind == "trees":
            outcomes[kind] = answers(trees())
            report("trees (lambdarank)", ranks(asked, every, outcomes[kind]))
            continue
        runs = [answers(train(kind, seed).score) for seed in range(1, (1 if kind == "din" else SEEDS) + 1)]
        for seed, scores in enumerate(runs, 1):
            report(f"{kind}, seed {seed}", ranks(asked, every, scores))
        outcomes[kind] = runs[0]
        if len(runs) > 1:
            report(f"{kind}, {len(runs)} seeds together", ranks(asked, every, sum(map(standard, runs))))
    for kind in outcomes:
        if kind != "trees" and "trees" in outcomes:
            report(f"{kind} and trees together", ranks(asked, every, standard(outcomes[kind]) + standard(outcomes["trees"])))


def ablations():
    statistics = {"visits", "popularity", "trend", "mean-rating", "visits-from-recent", "popular", "trending", "favourite-genre"}
    content = {"year", "year-from-last", "year-from-recent", "genre-preference", "genres-of-last", "genres-of-recent"}
    models = {name for name in names if "sequence" in name or "two-tower" in name or name == "trained-item-cf"}
    for what, without in {
        "content": content,
        "statistics of items": statistics,
        "trained models": models,
        "sources and models": set(names) - content - statistics - {"blend"},
    }.items():
        report(f"features without {what}", ranks(asked, every, answers(train("features", 1, without).score)))
    if "frozen" in shapes["counts"]:
        frozen = Part("frozen")
        report("features, histories three events old", ranks(frozen, every, answers(train("features", 1).score, frozen)))


def compare(variants):
    """Figures of the third round and of the targets over SEEDS, and their difference, by user, from the first of the variants."""
    first = None
    for name, fit in variants.items():
        runs = [fit(seed) for seed in range(1, SEEDS + 1)]
        by_part = {
            "third round": [run.rank for run in runs],
            "targets": [ranks(asked, every, answers(run.score)) for run in runs],
        }
        first = first or by_part
        for part, several in by_part.items():
            print(f"{name:34}{part:12}", end="")
            for measure in (hits, gains, lambda rank: 1 / (rank + 1.0)):
                values, others = (np.mean([measure(rank) for rank in of[part]], 0) for of in (by_part, first))
                difference = values - others
                error = difference.std() / np.sqrt(len(difference))
                print(f"  {values.mean():.4f} ({difference.mean():+.4f} ± {error:.4f})", end="")
            print(flush=True)


def with_hard(order):
    """Learned slates whose others are the first HARD by `order` (n, K), descending, and others drawn from the rest."""
    generator = np.random.default_rng(2)
    rows, log_weight = np.zeros_like(drawn), np.zeros(drawn.shape, np.float32)
    count = NEGATIVES - HARD
    for i, slate in enumerate(learned):
        rest = others(cases, slate)
        rest = rest[np.argsort(-order[i][rest], kind="stable")]
        hard, easy = rest[:HARD], rest[HARD:]
        rows[i] = [cases.target[slate], *hard, *generator.choice(easy, count, replace=len(easy) < count)]
        log_weight[i, 1 + HARD :] = np.log(len(easy) / count)
    x = np.stack([cases.slates([slate])[0][some] for slate, some in zip(learned, rows)])
    return Slates((x * scale).astype(np.float16), np.take_along_axis(cases.items[learned], rows, 1), log_weight)


def objectives():
    by_blend = with_hard(np.broadcast_to(-np.arange(K), (len(learned), K)))
    by_model = with_hard(scored(cases, learned, train("dcn", SEEDS + 1).score))
    alike = lambda slates: slates._replace(log_weight=DRAWN.log_weight)
    compare(
        {
            "softmax": lambda seed: train("dcn", seed),
            "pointwise": lambda seed: train("dcn", seed, loss="pointwise"),
            "bpr": lambda seed: train("dcn", seed, loss="bpr"),
            "hard by the blend": lambda seed: train("dcn", seed, slates=alike(by_blend)),
            "hard by the blend, weighted": lambda seed: train("dcn", seed, slates=by_blend),
            "hard by a first model": lambda seed: train("dcn", seed, slates=alike(by_model)),
            "hard by a first model, weighted": lambda seed: train("dcn", seed, slates=by_model),
        }
    )


def attention():
    networks = {seed: train("dcn", seed) for seed in range(1, SEEDS + 1)}
    compare(
        {
            "dcn": networks.get,
            "another layer beside it": lambda seed: train("features", seed, beside=networks[seed].parameters),
            "din beside it": lambda seed: train("din", seed, beside=networks[seed].parameters),
        }
    )


chosen = sys.argv[2:] or ["features", "deepfm", "dcn", "trees", "din", "without"]
kinds = [kind for kind in chosen if kind in ("features", "deepfm", "dcn", "trees", "din")]
if kinds:
    print(f"{'':44}HR@10 (95 %)            NDCG@10 MRR")
    report("the blend's own order", np.where(asked.target >= 0, asked.target, NOT_FOUND))
    rivals(kinds)
if "without" in chosen:
    ablations()
if "objectives" in chosen:
    objectives()
if "attention" in chosen:
    attention()
