"""Recomputes the metrics of `tributary evaluate --dump` by other people's code and prints the largest difference.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install ranx scikit-learn scipy
    tributary evaluate --protocol leave-one-out --data ml-100k --json report.json --dump answers.jsonl
    /tmp/venv/bin/python benchmarks/recompute-metrics.py report.json answers.jsonl

HR, Recall, Precision, NDCG and MRR come from ranx, MAP (over the whole list) and the area under the curve from
scikit-learn, diversity from scipy's Jaccard distance; what is averaged, over which answers, is redone here. A dump has
ranks, so a list is rebuilt as relevant items at their ranks and strangers in between. MAP and GAUC need whole lists
and take long on many answers: --skip-lists leaves them out.
"""

import argparse
import json
import sys
from collections import defaultdict

import numpy as np
from ranx import Qrels, Run, evaluate
from scipy.spatial.distance import pdist
from sklearn.metrics import average_precision_score, roc_auc_score

CUTOFFS = (5, 10, 20, 50, 100)
DEPTH = max(CUTOFFS)
TOLERANCE = 1e-6
RANX = {"HR": "hit_rate", "Recall": "recall", "Precision": "precision", "NDCG": "ndcg"}


def read(path):
    with open(path) as lines:
        header = json.loads(next(lines))
        return header, [json.loads(line) for line in lines]


def finite(ranks):
    return [rank for rank in ranks if rank is not None]


def by_ranx(ranks_of_answers):
    """Means of the metrics with a cut-off, from runs rebuilt as far as the largest of these."""
    qrels, run = {}, {}
    for index, ranks in enumerate(ranks_of_answers):
        name = f"q{index}"
        qrels[name] = {f"relevant {at}": 1 for at in range(len(ranks))}
        placed = {rank: f"relevant {at}" for at, rank in enumerate(ranks) if rank is not None}
        run[name] = {placed.get(rank, f"other {rank}"): float(DEPTH - rank) for rank in range(DEPTH)}
    names = [f"{metric}@{cutoff}" for metric in RANX.values() for cutoff in CUTOFFS]
    found = evaluate(Qrels(qrels), Run(run), names)
    return {f"{ours}@{cutoff}": found[f"{theirs}@{cutoff}"] for ours, theirs in RANX.items() for cutoff in CUTOFFS}


def by_sklearn(answers, system):
    """MAP and GAUC over whole lists; what cannot be recommended comes after everything and counts as a miss."""
    precisions, areas, weights, reciprocals = [], [], [], []
    for answer in answers:
        ranks = answer["ranks"][system]
        known = finite(ranks)
        competing = answer["competing"]
        reciprocals.append(1 / (known[0] + 1) if known else 0.0)
        weights.append(len(ranks))
        if not known:
            precisions.append(0.0)
            areas.append(0.0)
            continue
        truth = np.zeros(competing)
        truth[known] = 1
        scores = -np.arange(competing, dtype=float)
        precisions.append(average_precision_score(truth, scores) * len(known) / len(ranks))
        # No pairs to put in order: neither right nor wrong.
        alone = len(known) == competing
        areas.append(0.5 if alone else roc_auc_score(truth, scores) * len(known) / len(ranks))
    return {
        "MAP": float(np.mean(precisions)),
        "GAUC": float(np.average(areas, weights=weights)),
        "MRR": float(np.mean(reciprocals)),
    }


def by_scipy(answers, system, genres):
    """Coverage and diversity of the first ten."""
    tops = [answer["top"][system] for answer in answers if "top" in answer]
    if not tops:
        return {}
    shown = {item for top in tops for item in top}
    distances = [pdist([genres[item] for item in top], "jaccard").mean() if len(top) > 1 else 0.0 for top in tops]
    return {"Coverage@10": len(shown) / len(genres), "Diversity@10": float(np.mean(distances))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report")
    parser.add_argument("dump")
    parser.add_argument("--slices", default="", help="comma separated; default those with intervals")
    parser.add_argument("--skip-lists", action="store_true", help="leave out MAP and GAUC, which need whole lists")
    arguments = parser.parse_args()
    with open(arguments.report) as file:
        report = json.load(file)
    header, answers = read(arguments.dump)
    names = sorted({genre for item in header["items"] for genre in item["genres"]})
    genres = {item["id"]: np.isin(names, item["genres"]) for item in header["items"]}
    by_slice = defaultdict(list)
    for answer in answers:
        for name in answer["slices"]:
            by_slice[name].append(answer)

    worst = (0.0, "nothing differs")
    compared = 0

    def compare(where, expected, found):
        nonlocal worst, compared
        for metric, value in found.items():
            compared += 1
            worst = max(worst, (abs(value - expected[metric]), f"{where}, {metric}: {expected[metric]} against {value}"))

    wanted = [name for name in arguments.slices.split(",") if name]
    for part in report["slices"]:
        if part["name"] not in wanted and (wanted or "intervals" not in part):
            continue
        mine = by_slice[part["name"]]
        if len(mine) != part["n"]:
            sys.exit(f"{part['name']}: {part['n']} answers in the report, {len(mine)} in the dump")
        for system, metrics in part["systems"].items():
            compare(f"{part['name']}, {system}", metrics, by_ranx([answer["ranks"][system] for answer in mine]))
            if not arguments.skip_lists:
                compare(f"{part['name']}, {system}", metrics, by_sklearn(mine, system))
        print(f"{part['name']}: {part['n']} answers of {len(part['systems'])} systems")
    for system, metrics in report["lists"].items():
        compare(f"lists, {system}", metrics, by_scipy(answers, system, genres))

    print(f"{compared} figures compared; the largest difference is {worst[0]:.3g} ({worst[1]})")
    sys.exit(0 if worst[0] <= TOLERANCE else 1)


if __name__ == "__main__":
    main()
