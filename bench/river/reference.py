"""river's BiasedMF and Baseline on a ratings table, predict-then-learn, clipped to the scale; one JSON object on stdout.

Reads lines "user item rating" (tab separated, in time order) from standard input. BiasedMF with the settings of river's
own documentation: 10 factors, N(0, 0.1), SGD 0.025 for biases and 0.05 for latents, l2 0.0 and 0.0.
Run by bench/river/run.mjs.
"""
import json
import math
import sys
import time

from river import evaluate, metrics, optim, preprocessing, reco

lo, hi = float(sys.argv[1]), float(sys.argv[2])
rows = []
for line in sys.stdin:
    user, item, rating = line.rstrip("\n").split("\t")
    rows.append((user, item, float(rating)))


def prequential(model):
    squared = absolute = 0.0
    start = time.perf_counter()
    for user, item, rating in rows:
        answer = min(hi, max(lo, model.predict_one(user=user, item=item)))
        model.learn_one(user=user, item=item, y=rating)
        error = answer - rating
        squared += error * error
        absolute += abs(error)
    seconds = time.perf_counter() - start
    n = len(rows)
    return {"rmse": math.sqrt(squared / n), "mae": absolute / n, "eventsPerSecond": n / seconds}


def biased_mf():
    return reco.BiasedMF(
        n_factors=10,
        bias_optimizer=optim.SGD(0.025),
        latent_optimizer=optim.SGD(0.05),
        weight_initializer=optim.initializers.Zeros(),
        latent_initializer=optim.initializers.Normal(mu=0.0, sigma=0.1, seed=73),
        l2_bias=0.0,
        l2_latent=0.0,
    )


def own_evaluation():
    """river's own progressive validation, as its documentation runs it: the counterpart of `freshet evaluate`."""
    model = preprocessing.PredClipper(regressor=biased_mf(), y_min=lo, y_max=hi)
    dataset = (({}, rating, {"user": user, "item": item}) for user, item, rating in rows)
    start = time.perf_counter()
    evaluate.progressive_val_score(dataset, model, metrics.MAE() + metrics.RMSE())
    return len(rows) / (time.perf_counter() - start)


baseline = reco.Baseline(optimizer=optim.SGD(0.025), l2=0.0, initializer=optim.initializers.Zeros())
print(
    json.dumps(
        {
            "biasedMf": prequential(biased_mf()),
            "baseline": prequential(baseline),
            "progressiveValidationEventsPerSecond": own_evaluation(),
        }
    )
)
