"""What there is to find beyond biases: a batch factorization that sees four fifths of a stream at once, by its error on the rest.

    python3 hindsight.py FILE.tsv LO HI

Reads user, item and rating (tab-separated, with a head). Alternating least squares on what biases leave [Zhou08], ranks and ridges
on a grid, two of five random folds, the best of all told: kinder to the factorization than any stream is to a learner. Prints
JSON: the RMSE of the biases, that of biases and factors, and their ratio.
"""

import json
import sys

import numpy as np

path, lo, hi = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
rows = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf8")][1:]
users, items = {}, {}
user = np.array([users.setdefault(row[0], len(users)) for row in rows])
item = np.array([items.setdefault(row[1], len(items)) for row in rows])
rating = np.array([float(row[2]) for row in rows])
chance = np.random.default_rng(1)
fold = chance.integers(0, 5, len(rating))


def biases(seen, user_damping, item_damping):
    mean, of_user, of_item = rating[seen].mean(), np.zeros(len(users)), np.zeros(len(items))
    counts = [np.bincount(of[seen], minlength=len(ids)) for of, ids in ((user, users), (item, items))]
    for _ in range(15):
        left = rating[seen] - mean - of_user[user[seen]]
        of_item = np.bincount(item[seen], left, len(items)) / (counts[1] + item_damping)
        left = rating[seen] - mean - of_item[item[seen]]
        of_user = np.bincount(user[seen], left, len(users)) / (counts[0] + user_damping)
    return mean + of_user[user] + of_item[item]


def half_step(rows_of, others, left, rank, ridge, count):
    order = np.argsort(rows_of, kind="stable")
    ends = np.searchsorted(rows_of[order], np.arange(count + 1))
    solved = np.zeros((count, rank))
    for row in range(count):
        at = order[ends[row] : ends[row + 1]]
        if len(at) > 0:
            x = others[at]
            solved[row] = np.linalg.solve(x.T @ x + ridge * np.eye(rank), x.T @ left[at])
    return solved


def factors(seen, base, rank, ridge):
    left = (rating - base)[seen]
    q = chance.normal(0, 0.1, (len(items), rank))
    for _ in range(12):
        p = half_step(user[seen], q[item[seen]], left, rank, ridge, len(users))
        q = half_step(item[seen], p[user[seen]], left, rank, ridge, len(items))
    return base + (p[user] * q[item]).sum(1)


def error(predict):
    squared = [(rating - np.clip(predict(fold != f), lo, hi))[fold == f] ** 2 for f in (0, 1)]
    return float(np.sqrt(np.concatenate(squared).mean()))


damping, bias_rmse = min(
    (((a, b), error(lambda seen: biases(seen, a, b))) for a in (3, 6, 10) for b in (3, 6, 10)), key=lambda pair: pair[1]
)
scale = (hi - lo) / 4
best = min(
    (error(lambda seen: factors(seen, biases(seen, *damping), rank, ridge * scale)), rank, ridge)
    for rank in (1, 2, 5, 10)
    for ridge in (5, 10, 20)
)
print(json.dumps({"biasRmse": bias_rmse, "rmse": best[0], "rank": best[1], "ridge": best[2], "ratio": best[0] / bias_rmse}))
