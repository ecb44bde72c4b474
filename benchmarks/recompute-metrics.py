"""Recomputes the metrics of `tributary evaluate --dump` by other people's code and prints the largest difference.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install ranx scikit-learn scipy
    tributary evaluate --protocol leave-one-out --data ml-100k --json report.json --dump answers.jsonl
    /tmp/venv/bin/python benchmarks/recompute-metrics.py report.json answers.jsonl

HR, Recall, Precision and NDCG come from ranx, MAP (over the whole list) and the area under the curve from scikit-learn,
diversity from scipy's Jaccard distance; what is averaged, over which answers, is redone here. A dump has ranks, so a
list is rebuilt as relevant items at their ranks and strangers in between. Every slice of the report is compared. MAP and
GAUC need whole lists and take a millisecond an answer and system: make a dump with --every where there are many.
"""

import argparse
import json
import sys
import time
import warnings
from collections import defaultdict
from functools import cache

import numpy as np
import sklearn
from ranx import Qrels, Run, evaluate
from scipy.spatial.distance import pdist
from sklearn.metrics import average_precision_score, roc_auc_score

CUTOFFS = (5, 10, 20, 50, 100)
DEPTH = max(CUTOFFS)
TOLERANCE = 1e-6
warnings.filterwarnings("ignore", message="unsafe cast")  # of ranx's own ids
sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
RANX = {"HR": "hit_rate", "Recall": "recall", "Precision": "precision", "NDCG": "ndcg"}


def read(path):
    with open(path) as lines:
        header = json.loads(next(lines))
        return header, [json.loads(line) for line in lines]


def by_ranx(lists):
    """Metrics with a cut-off, a column each, of runs rebuilt as far as the largest of these."""
    strangers = [f"other {rank}" for rank in range(DEPTH)]
    scores = [float(DEPTH - rank) for rank in range(DEPTH)]
    qrels, run = {}, {}
    # ranx sorts queries by name: as numbers are.
    for index, (_, ranks) in enumerate(lists):
        name = f"{index:09}"
        qrels[name] = {f"relevant {at}": 1 for at in range(len(ranks))}
        documents = strangers.copy()
        for at, rank in enumerate(ranks):
            if rank is not None and rank < DEPTH:
                documents[rank] = f"relevant {at}"
        run[name] = dict(zip(documents, scores))
    names = [f"{metric}@{cutoff}" for metric in RANX.values() for cutoff in CUTOFFS]
    found = evaluate(Qrels(qrels), Run(run), names, return_mean=False)
    return {f"{ours}@{cutoff}": found[f"{theirs}@{cutoff}"] for ours, theirs in RANX.items() for cutoff in CUTOFFS}


@cache
def by_sklearn(competing, ranks):
    """Reciprocal rank, average precision and area under the curve of a whole list; what cannot be recommended comes
    after everything and counts as a miss."""
    known = [rank for rank in ranks if rank is not None]
    if not known:
        return 0.0, 0.0, 0.0
    truth = np.zeros(competing)
    truth[known] = 1
    scores = -np.arange(competing, dtype=float)
    found = len(known) / len(ranks)
    # No pairs to put in order: neither right nor wrong.
    area = 0.5 if len(known) == competing else roc_auc_score(truth, scores) * found
    return 1 / (known[0] + 1), average_precision_score(truth, scores) * found, area


def metrics_of(answers, system):
    """Every metric by answer, each distinct list worked out once."""
    lists = [(answer["competing"], tuple(answer["ranks"][system])) for answer in answers]
    distinct = {found: index for index, found in enumerate(dict.fromkeys(lists))}
    places = [distinct[found] for found in lists]
    columns = {name: np.asarray(values)[places] for name, values in by_ranx(list(distinct)).items()}
    whole = np.array([by_sklearn(*found) for found in distinct])[places]
    return columns | {"MRR": whole[:, 0], "MAP": whole[:, 1], "GAUC": whole[:, 2]}


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
    arguments = parser.parse_args()
    start = time.monotonic()
    with open(arguments.report) as file:
        report = json.load(file)
    header, answers = read(arguments.dump)
    names = sorted({genre for item in header["items"] for genre in item["genres"]})
    genres = {item["id"]: np.isin(names, item["genres"]) for item in header["items"]}
    rows = defaultdict(list)
    for index, answer in enumerate(answers):
        for name in answer["slices"]:
            rows[name].append(index)
    for part in report["slices"]:
        if len(rows[part["name"]]) != part["n"]:
            sys.exit(f"{part['name']}: {part['n']} answers in the report, {len(rows[part['name']])} in the dump")
    relevant = np.array([len(answer["relevant"]) for answer in answers])

    differences = []
    for system in report["lists"]:
        columns = metrics_of(answers, system)
        for part in report["slices"]:
            mine = rows[part["name"]]
            for metric, values in columns.items():
                mean = np.average(values[mine], weights=relevant[mine] if metric == "GAUC" else None)
                differences.append((abs(part["systems"][system][metric] - mean), f"{part['name']}, {system}, {metric}"))
        for metric, value in by_scipy(answers, system, genres).items():
            differences.append((abs(report["lists"][system][metric] - value), f"first ten, {system}, {metric}"))

    worst, where = max(differences)
    print(
        f"{report['protocol']} on {report['data']}: {len(answers)} answers of {len(report['lists'])} systems in "
        f"{len(report['slices'])} slices, {len(differences)} figures, largest difference {worst:.2g} ({where}); "
        f"{time.monotonic() - start:.0f} s"
    )
    sys.exit(0 if worst <= TOLERANCE else 1)


if __name__ == "__main__":
    main()
