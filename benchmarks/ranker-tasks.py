"""How two tasks may share a network: what is taken of a slate, and whether it then pleases (a rating of 4 or more).

    npm run tributary -- bench slates --data ml-1m --home HOME
    python -m venv venv && venv/bin/pip install numpy jax optax
    venv/bin/python benchmarks/ranker-tasks.py HOME/slates/ml-1m

Inputs, passes and targets are those of ranker-rivals.py (slates.py), without crossed features. Engagement is the softmax
over a slate, satisfaction the logistic function of the target's second logit. What a task's tower sees is WIDTH wide in
each of them: one layer for both (Caruana 1997; also one as wide as all experts together), one layer each, the same over
the entire space of the slate (ESMM: Ma et al., SIGIR 2018), EXPERTS mixed by a gate for each task (MMoE: Ma et al., KDD
2018), and two levels of experts of which some are a task's own (PLE: Tang et al., RecSys 2020).
"""
import jax
import jax.numpy as jnp
import numpy as np
import optax

from slates import (
    C, F, K, T, X, asked, cases, chosen_by, context_of, every, gains, hits, learned, names, ranks, scale,
)  # fmt: skip

WIDTH, TOWER, EXPERTS, TASKS = 32, 16, 4, 2
# What satisfaction weighs beside engagement, as in src/training/din-trainer.ts.
SATISFACTION = 0.2
BATCH, PASSES, CHOSEN_EVERY, SEEDS, BINS, RESAMPLED = 64, 8, 2, 3, 10, 300
KINDS = ("shared", "shared wide", "separate", "esmm", "mmoe", "ple")


def parameters(kind, seed):
    keys = iter(jax.random.split(jax.random.PRNGKey(seed), 40))
    layer = lambda n, m: {"w": jax.random.normal(next(keys), (n, m)) / np.sqrt(n), "b": jnp.zeros(m)}
    gate = lambda n, experts: jnp.zeros((n, experts))
    wide = F + C
    bottom = {
        "shared": lambda: layer(wide, WIDTH),
        "shared wide": lambda: layer(wide, EXPERTS * WIDTH),
        "separate": lambda: [layer(wide, WIDTH) for _ in range(TASKS)],
        "esmm": lambda: [layer(wide, WIDTH) for _ in range(TASKS)],
        "mmoe": lambda: {
            "experts": [layer(wide, WIDTH) for _ in range(EXPERTS)],
            "gates": [gate(wide, EXPERTS) for _ in range(TASKS)],
        },
        "ple": lambda: [
            {
                "own": [layer(n, WIDTH) for _ in range(TASKS)],
                "shared": [layer(n, WIDTH) for _ in range(EXPERTS - TASKS)],
                "gates": [gate(n, 1 + EXPERTS - TASKS) for _ in range(TASKS)],
                "shared_gate": gate(n, EXPERTS),
            }
            for n in (wide, WIDTH)
        ],
    }[kind]()
    seen = EXPERTS * WIDTH if kind == "shared wide" else WIDTH
    return {
        "bottom": bottom,
        "towers": [layer(seen, TOWER) | {"out": jnp.zeros(TOWER)} for _ in range(TASKS)],
        # Straight from the inputs: engagement begins with the order of the blend.
        "straight": jnp.zeros((wide, TASKS)).at[names.index("blend"), 0].set(1.0),
        "level": jnp.zeros(TASKS),
    }


def dense(layer, x):
    return jax.nn.relu(x @ layer["w"] + layer["b"])


def mixed(gate, x, outputs):
    return jnp.einsum("...e,...ew->...w", jax.nn.softmax(x @ gate), jnp.stack(outputs, -2))


def represented(kind, p, x):
    """What the tower of each task sees."""
    if kind in ("shared", "shared wide"):
        return [dense(p, x)] * TASKS
    if kind in ("separate", "esmm"):
        return [dense(layer, x) for layer in p]
    if kind == "mmoe":
        outputs = [dense(expert, x) for expert in p["experts"]]
        return [mixed(gate, x, outputs) for gate in p["gates"]]
    of_tasks, common = [x] * TASKS, x
    for level in p:
        own = [dense(expert, of_task) for expert, of_task in zip(level["own"], of_tasks)]
        shared = [dense(expert, common) for expert in level["shared"]]
        of_tasks = [mixed(g, of_task, [o, *shared]) for g, of_task, o in zip(level["gates"], of_tasks, own)]
        common = mixed(level["shared_gate"], common, [*own, *shared])
    return of_tasks


def logits(kind, p, x, context):
    """(b, k) of each task: x (b, k, F), context (b, C)."""
    x = jnp.concatenate([x, jnp.broadcast_to(context[:, None], (*x.shape[:2], C))], -1)
    straight = x @ p["straight"] + p["level"]
    seen = represented(kind, p["bottom"], x)
    return [dense(tower, s) @ tower["out"] + straight[..., task] for task, (tower, s) in enumerate(zip(p["towers"], seen))]


def loss(kind, p, x, context, satisfied):
    """The target is the first of each slate. Satisfied (b): 1 or 0."""
    engagement, pleasing = logits(kind, p, x, context)
    taken = jax.nn.log_softmax(engagement)
    if kind == "esmm":
        # That one of the slate is taken and pleases, or that none does: probabilities over all candidates, summing to 1.
        pleases = taken[:, 0] + jax.nn.log_sigmoid(pleasing[:, 0])
        none = jax.nn.logsumexp(taken + jax.nn.log_sigmoid(-pleasing), -1)
        second = -jnp.where(satisfied > 0, pleases, none)
    else:
        second = optax.sigmoid_binary_cross_entropy(pleasing[:, 0], satisfied)
    return (-taken[:, 0] + SATISFACTION * second).mean()


def answered(part, at, forward):
    """(n) ranks of the targets, and the logits that they please, NaN where they are no candidates."""
    scores, pleasing = np.empty((len(at), K), np.float32), np.empty(len(at), np.float32)
    for begin in range(0, len(at), 256):
        some = at[begin : begin + 256]
        own = np.maximum(0, part.target[some])
        engagement, second = map(np.asarray, forward(part.slates(some) * scale, context_of(part, some)))
        scores[begin : begin + 256] = np.where(part.items[some] >= 0, engagement, -np.inf)
        pleasing[begin : begin + 256] = np.where(part.target[some] >= 0, second[np.arange(len(some)), own], np.nan)
    return ranks(part, at, scores), pleasing


def auc(logit, truth):
    """How often one that pleased was given more than one that did not."""
    place = np.empty(len(logit))
    place[np.argsort(logit)] = np.arange(1, len(logit) + 1)
    pleased = truth > 0
    n = pleased.sum()
    return (place[pleased].sum() - n * (n + 1) / 2) / (n * (len(logit) - n))


def calibration_error(logit, truth):
    """Over bins of equally many."""
    order = np.argsort(logit)
    off = 1 / (1 + np.exp(-logit[order])) - truth[order]
    return sum(abs(some.sum()) for some in np.array_split(off, BINS)) / len(logit)


def train(kind, seed):
    """Answers of the targets at the pass with the greatest NDCG@10 + AUC of the third round."""
    p = parameters(kind, seed)
    steps = PASSES * (len(learned) // BATCH)
    optimiser = optax.adamw(optax.cosine_decay_schedule(3e-3, steps, 0.02), weight_decay=1e-4)

    @jax.jit
    def step(p, state, *batch):
        gradient = jax.grad(lambda p: loss(kind, p, *batch))(p)
        updates, state = optimiser.update(gradient, state, p)
        return optax.apply_updates(p, updates), state

    forward = jax.jit(lambda p, *slates: logits(kind, p, *slates))
    state, best, generator = optimiser.init(p), (-1.0, p), np.random.default_rng(seed)
    for number in range(1, PASSES + 1):
        order = generator.permutation(len(learned))
        for begin in range(0, len(order) - BATCH + 1, BATCH):
            some = order[begin : begin + BATCH]
            at = learned[some]
            p, state = step(p, state, X[some].astype(np.float32), context_of(cases, at), cases.satisfied[at])
        if number % CHOSEN_EVERY == 0:
            rank, pleasing = answered(cases, chosen_by, lambda *slates, p=p: forward(p, *slates))
            there = ~np.isnan(pleasing)
            worth = gains(rank).mean() + auc(pleasing[there], cases.satisfied[chosen_by][there])
            best = max(best, (worth, p), key=lambda of: of[0])
    return answered(asked, every, lambda *slates: forward(best[1], *slates))


def measured(runs, users):
    """HR@10, NDCG@10, AUC and calibration error: means over runs, of these users."""
    rank, pleasing = zip(*runs)
    there = users[~np.isnan(pleasing[0][users])]
    truth = asked.satisfied[there]
    return np.array(
        [
            np.mean([hits(of[users]).mean() for of in rank]),
            np.mean([gains(of[users]).mean() for of in rank]),
            np.mean([auc(of[there], truth) for of in pleasing]),
            np.mean([calibration_error(of[there], truth) for of in pleasing]),
        ]
    )


print(f"{'':16}HR@10                    NDCG@10                  AUC                      calibration error")
print("Means of the seeds, in brackets the difference from the first ± its standard error (users drawn again).")
first = None
for kind in KINDS:
    runs = [train(kind, seed) for seed in range(1, SEEDS + 1)]
    first = first or runs
    generator = np.random.default_rng(1)
    draws = [generator.integers(0, asked.n, asked.n) for _ in range(RESAMPLED)]
    error = np.std([measured(runs, users) - measured(first, users) for users in draws], 0)
    values = measured(runs, every)
    difference = values - measured(first, every)
    print(f"{kind:16}" + "  ".join(f"{v:.4f} ({d:+.4f} ± {e:.4f})" for v, d, e in zip(values, difference, error)), flush=True)
