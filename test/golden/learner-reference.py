"""An independent learner in NumPy float64, from the equations in the doc comments of src/model; writes learner.json.

    pip install numpy && python3 test/golden/learner-reference.py

500 seeded ratings with changed ones, weights, pauses and a history that wraps; for each the answers of every expert and
the interval, before it is learned; and once more with the user posterior (learner-posterior.json). Nothing here is shared with the product but the hash that draws initial factors.
"""

import json
import math
from pathlib import Path

import numpy as np

SETTINGS = {
    "k": 8, "seed": 1, "effort": "balanced", "historyLimit": 12, "replays": 4, "replayWindow": 8,
    "sketchWidth": 0, "recentRatings": 4, "similarRatings": 5,
    "itemDamping": 6, "userDamping": 6, "recentDecayRatio": 0.85, "recentDamping": 8, "sessionGapSeconds": 1800,
    "learningRate": 0.06, "learningRateFloor": 0.01, "learningRateHalfCount": 40, "regularization": 0.1,
    "initialDeviation": 0.2, "ridge": 3, "contextRidge": 12, "stackDecayRatio": 0.9999,
}  # fmt: skip
S = type("Settings", (), SETTINGS)
LO, HI, MIDDLE = 1.0, 5.0, 3.0


def clip(value):
    return min(HI, max(LO, value))


# --- chance that everybody agrees on (src/kernel/seeded.ts) ---------------------------------------------------------

MASK = 0xFFFFFFFF


def mix(h):
    h &= MASK
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & MASK
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & MASK
    return h ^ (h >> 16)


def hash_id(entity_id, seed):
    h = 2166136261 ^ seed
    for byte in entity_id.encode("ascii"):
        h = ((h ^ byte) * 16777619) & MASK
    return mix(h)


def signs(entity_id):
    base = hash_id(entity_id, S.seed + 0x5EED)
    bits = lambda start: mix(base + (start + 1) * 0x9E3779B9)
    return np.array([1 if bits(i - i % 32) >> (i % 32) & 1 else -1 for i in range(S.sketchWidth)], dtype=int)


def initial_factors(entity_id, seed):
    base = hash_id(entity_id, seed)
    draw = lambda n: mix(base + n * 0x9E3779B9) / 2**32
    width = S.initialDeviation / math.sqrt(S.k) * math.sqrt(6)
    return np.array([(draw(2 * f + 1) + draw(2 * f + 2) - 1) * width for f in range(S.k)])


# --- what a history slot can hold (src/model/history.ts) -----------------------------------------------------------


def nearest(value, unit):
    return math.floor(value / unit + 0.5) * unit


def quantize_residual(value):
    return min(32767, max(-32767, math.floor(value * 4096 + 0.5))) / 4096


# --- rows ----------------------------------------------------------------------------------------------------------


class User:
    def __init__(self, entity_id):
        self.p = initial_factors(entity_id, S.seed + 1)
        self.long_sum = self.long_count = self.recent_sum = self.recent_count = 0.0
        self.session_sum = self.session_count = self.last_residual = 0.0
        self.given = []  # every rating ever; None once it is taken out

    def remembered(self):
        first = max(0, len(self.given) - S.historyLimit)
        return [(n, r) for n, r in enumerate(self.given) if n >= first and r is not None]


class Item:
    def __init__(self, entity_id):
        self.q = initial_factors(entity_id, S.seed)
        self.residual_sum = self.weight_sum = 0.0
        self.sketch, self.raters = np.zeros(S.sketchWidth, dtype=int), 0

    def bias(self):
        return self.residual_sum / (S.itemDamping + self.weight_sum)


# --- the user posterior (src/model/experts/posterior.ts, covariance.ts) --------------------------------------------

LEVEL, POSITION, MOMENT, SESSION = 0.2, 0.08, 0.08, 0.06
PRIOR = LEVEL + POSITION + MOMENT + SESSION


def level_covariance(positions, seconds):
    late = MOMENT * math.exp(-seconds / 30) + SESSION * math.exp(-seconds / 7200)
    return LEVEL + POSITION * math.exp(-positions / 15) + late


def cosine(a, b):
    return float(a.sketch @ b.sketch) / S.sketchWidth / math.sqrt((a.raters + 5) * (b.raters + 5))


def item_covariance(c):
    return c * (0.15 + (0.3 * c if c > 0 else 0))


def posterior(mean, user, item, known_item, items, seconds):
    """Mean beyond global mean and item bias, variance, and the similarity it rests on."""
    variance = PRIOR + (item_covariance(cosine(item, item)) if known_item else 0)
    if not user:
        return 0.0, variance, 0.0
    given = len(user.given)
    past = [(given - 1 - n, r) for n, r in reversed(user.remembered())]
    alike = lambda r: cosine(item, items[r["item"]]) if known_item else 0.0
    recent, before = past[: S.recentRatings], past[S.recentRatings :]
    chosen = recent + sorted(before, key=lambda entry: -alike(entry[1]))[: S.similarRatings]
    if not chosen:
        return 0.0, variance, 0.0
    n = len(chosen)
    k = np.zeros((n, n))
    for a, (age, r) in enumerate(chosen):
        for b, (other_age, other) in enumerate(chosen):
            apart = level_covariance(abs(age - other_age), abs(r["seconds"] - other["seconds"]))
            k[a, b] = apart + item_covariance(cosine(items[r["item"]], items[other["item"]]))
        k[a, a] += 0.75 + 0.25 / (1 + 0.25 / 0.65 * items[r["item"]].weight_sum)
    cross = np.array(
        [level_covariance(age + 1, abs(seconds - r["seconds"])) + item_covariance(alike(r)) for age, r in chosen]
    )
    left = np.array([r["rating"] - mean - items[r["item"]].bias() for _, r in chosen])
    mass = sum(max(0.0, item_covariance(alike(r))) for _, r in chosen)
    return float(cross @ np.linalg.solve(k, left)), variance - float(cross @ np.linalg.solve(k, cross)), mass


class Moment:
    """What is known just before a rating, and what mean, bias, factors and posterior say to it."""

    def __init__(self, mean, user, item, seconds, items):
        self.user_count = user.long_count if user else 0.0
        self.item_count = item.weight_sum if item else 0.0
        self.mean = mean
        self.item_bias = item.bias() if item else 0.0
        self.long_level = user.long_sum / (S.userDamping + user.long_count) if user else 0.0
        self.recent_level = user.recent_sum / (user.recent_count + 1) if user else 0.0
        self.user_bias = 0.0
        if user:
            weighted = user.recent_sum + S.recentDamping * self.long_level
            self.user_bias = weighted / (user.recent_count + S.recentDamping)
        self.interaction = float(user.p @ item.q) if self.user_count > 0 and self.item_count > 1e-6 else 0.0
        self.bias_answer = self.mean + self.item_bias + self.user_bias
        self.factors_answer = self.bias_answer + self.interaction
        self.posterior_shift = self.variance = self.mass = 0.0
        if S.sketchWidth > 0:
            beyond, self.variance, self.mass = posterior(mean, user, item, self.item_count > 1e-6, items, seconds)
            self.posterior_shift = self.mean + self.item_bias + beyond - self.factors_answer
        remembered = user.remembered() if user else []
        self.pause = max(0, seconds - remembered[-1][1]["seconds"]) if remembered else -1
        self.session_level = self.last_residual = 0.0
        if user:
            self.last_residual = user.last_residual
            if 0 <= self.pause <= S.sessionGapSeconds:
                self.session_level = user.session_sum / (user.session_count + 2)

    def inputs(self):
        """The stack's 41 inputs, and 15 of the posterior (src/model/context.ts)."""
        mood = self.recent_level - self.long_level
        plain = [1, self.item_bias, self.long_level, mood, self.interaction, self.last_residual, self.session_level]
        trust = [
            1 / (1 + self.user_count),
            1 / math.sqrt(1 + self.item_count),
            math.log1p(self.user_count) / 5,
            math.log1p(self.item_count) / 5,
        ]
        pause = 2 if self.pause < 0 else math.log1p(self.pause) / 10
        moving = [self.last_residual, mood, self.session_level, self.interaction]
        rest = [pause, 1 if self.pause == 0 else 0] + [value * pause for value in moving]
        usual = [plain] + [np.array(plain) * t for t in trust] + [rest]
        if S.sketchWidth == 0:
            return np.concatenate(usual)
        shift, doubt, mass = self.posterior_shift, self.variance - PRIOR, self.mass / 5
        pair = np.array([shift, doubt])
        more = [shift * pause, mass, mass * shift, mass * self.interaction, doubt * shift]
        return np.concatenate([*usual, pair, *[pair * t for t in trust], more])


class Reference:
    def __init__(self):
        self.users, self.items = {}, {}
        self.rating_sum = self.rating_weight = 0.0
        inputs = 41 if S.sketchWidth == 0 else 56
        self.xx, self.xe, self.prior, self.events = np.zeros((inputs, inputs)), np.zeros(inputs), np.zeros(inputs), 0
        self.ridge = np.diag(([S.ridge] * 7 + [S.contextRidge] * 34 + [S.ridge] * 2 + [S.contextRidge] * 13)[:inputs])
        self.prior[41:42] = 1  # the shift of the posterior, where there is one
        self.w = self.prior
        self.losses, self.loss_count = np.zeros(3), 0.0
        self.squared, self.counts, self.z = np.zeros((5, 5)), np.zeros((5, 5)), 1.0
        self.given = [[] for _ in range(33)]  # ratings by class: 1, 1.125, ... 5

    def mean(self):
        return (MIDDLE + self.rating_sum) / (1 + self.rating_weight)

    def predict(self, user_id, item_id, seconds):
        moment = Moment(self.mean(), self.users.get(user_id), self.items.get(item_id), seconds, self.items)
        x = moment.inputs()
        answers = np.array(
            [clip(moment.mean), clip(moment.bias_answer), clip(moment.factors_answer + float(self.w @ x))]
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(self.losses <= self.losses.min(), 1.0, self.losses.min() / self.losses)
        probability = ratio ** (self.loss_count / 2)
        blend = clip(float(probability @ answers / probability.sum()))
        cell = self.cell(moment)
        low, high = self.interval(blend, math.sqrt((5 + self.squared[cell]) / (5 + self.counts[cell])))
        published = [answers[0], answers[1], clip(moment.factors_answer), blend, low, high]
        return moment, x, answers, published

    def interval(self, blend, deviation):
        if sum(map(len, self.given)) < 50:
            return clip(blend - 1.28 * deviation), clip(blend + 1.28 * deviation)
        stretches = []
        classes = []
        for n, ratings in enumerate(self.given):
            if not ratings:
                continue
            distance = (np.mean(ratings) - blend) / (self.z * deviation)
            chance = len(ratings) * math.exp(-(distance**2) / 2)
            if np.std(ratings) < 1e-6:
                classes.append((ratings[0], ratings[0], chance))
            else:
                classes.append((clip(1 + n / 8 - 1 / 16), clip(1 + n / 8 + 1 / 16), chance))
        total = sum(chance for _, _, chance in classes)
        for first in range(len(classes)):
            for last in range(first, len(classes)):
                held = sum(chance for _, _, chance in classes[first : last + 1])
                if held < 0.9 * total:
                    continue
                low, high = min(classes[first][0], blend), max(classes[last][1], blend)
                stretches.append((round(high - low, 6), -held, low, high))
                break
        return min(stretches)[2:]

    @staticmethod
    def cell(moment):
        level = lambda count: sum(count >= least for least in (1, 4, 16, 64))
        return level(moment.user_count), level(moment.item_count)

    def learn(self, user_id, item_id, rating, seconds, weight):
        exact, rating = rating, 1 + nearest(rating - 1, 4 / 65520)
        weight = nearest(weight, 1 / 4096)
        moment, x, answers, published = self.predict(user_id, item_id, seconds)
        self.learn_from_answer(moment, x, answers, published[3:], exact, rating, weight)
        user = self.users.setdefault(user_id, User(user_id))
        item = self.items.setdefault(item_id, Item(item_id))
        if self.take_out(user_id, user, item_id):
            moment = Moment(self.mean(), user, item, seconds, self.items)
        self.learn_experts(moment, user, item, item_id, rating, seconds, weight)
        item.sketch += signs(user_id)
        item.raters += 1

    def learn_from_answer(self, moment, x, answers, published, exact, rating, weight):
        blend, low, high = published
        cell = self.cell(moment)
        self.squared[cell] += (exact - blend) ** 2
        self.counts[cell] += 1
        outside = not low - 1e-6 <= exact <= high + 1e-6
        self.z = min(10, max(0.01, self.z + 0.02 * (outside - 0.2)))
        self.given[math.floor((exact - 1) * 8 + 0.5)].append(exact)

        self.losses = 0.999 * self.losses + weight * (rating - answers) ** 2
        self.loss_count = 0.999 * self.loss_count + weight

        self.xx += weight * np.outer(x, x)
        self.xe += weight * x * (rating - moment.factors_answer)
        self.events += 1
        every = 8 if self.events < 512 or S.effort == "full" else 32
        if self.events % every == 0:
            fade = S.stackDecayRatio**every
            self.xx *= fade
            self.xe *= fade
            self.w = np.linalg.solve(self.xx + self.ridge, self.xe + self.ridge @ self.prior)

    def take_out(self, user_id, user, item_id):
        for n, past in user.remembered():
            if past["item"] != item_id:
                continue
            item, weight = self.items[item_id], past["weight"]
            faded = weight * S.recentDecayRatio ** (len(user.given) - 1 - n)
            user.long_sum -= weight * past["user_residual"]
            user.long_count -= weight
            user.recent_sum -= faded * past["user_residual"]
            user.recent_count -= faded
            if user.long_count <= 1e-6:
                user.long_sum = user.long_count = 0.0
            if user.recent_count <= 1e-6:
                user.recent_sum = user.recent_count = 0.0
            item.residual_sum -= weight * past["item_residual"]
            item.weight_sum -= weight
            self.rating_sum -= weight * past["rating"]
            self.rating_weight -= weight
            item.sketch -= signs(user_id)
            item.raters -= 1
            user.given[n] = None
            return True
        return False

    def learn_experts(self, moment, user, item, item_id, rating, seconds, weight):
        self.rating_sum += weight * rating
        self.rating_weight += weight
        past = {"item": item_id, "rating": rating, "weight": weight, "seconds": seconds}
        past["user_residual"] = quantize_residual(rating - moment.mean - moment.item_bias)
        past["item_residual"] = quantize_residual(rating - moment.mean - moment.user_bias)
        item_count_before = item.weight_sum
        user.long_sum += weight * past["user_residual"]
        user.long_count += weight
        user.recent_sum = S.recentDecayRatio * user.recent_sum + weight * past["user_residual"]
        user.recent_count = S.recentDecayRatio * user.recent_count + weight
        item.residual_sum += weight * past["item_residual"]
        item.weight_sum += weight

        self.sgd(user, item, rating - moment.bias_answer, weight, item_count_before)
        given = len(user.given)
        window = min(given, S.replayWindow)
        for r in range(S.replays if window > 0 else 0):
            back = 1 + mix((given + 1) * 0x9E3779B9 + r) % window
            old = user.given[given - back]
            if old is None:
                continue
            old_item = self.items[old["item"]]
            residual = old["rating"] - moment.mean - old_item.bias() - moment.long_level
            self.sgd(user, old_item, residual, old["weight"], old_item.weight_sum)

        residual = rating - moment.factors_answer
        if moment.pause < 0 or moment.pause > S.sessionGapSeconds:
            user.session_sum = user.session_count = 0.0
        user.session_sum += weight * residual
        user.session_count += weight
        user.last_residual = residual
        user.given.append(past)

    @staticmethod
    def sgd(user, item, residual, weight, item_count):
        rate = lambda n: max(S.learningRateFloor, S.learningRate / (1 + max(0, n) / S.learningRateHalfCount))
        error = residual - float(user.p @ item.q)
        p = user.p.copy()
        user.p += rate(user.long_count) * min(weight, 1) * (error * item.q - S.regularization * p)
        item.q += rate(item_count) * min(weight, 1) * (error * p - S.regularization * item.q)


def events():
    """Twelve users with biases and tastes on 25 items: one event in four changes a rating, some have weights."""
    chance = np.random.default_rng(7)
    taste, kind = chance.normal(size=(12, 2)), chance.normal(size=(25, 2))
    user_bias, item_bias = chance.normal(size=12) * 0.5, chance.normal(size=25) * 0.5
    seconds = 1_700_000_000
    for _ in range(500):
        user, item = int(chance.integers(12)), int(25 * chance.random() ** 1.5)
        seconds += int(chance.choice([0, 20, 400, 9000]))
        opinion = 3.2 + user_bias[user] + item_bias[item] + 0.6 * taste[user] @ kind[item] + 0.4 * chance.normal()
        rating = clip(math.floor(2 * opinion + 0.5) / 2)
        yield f"u{user}", f"i{item}", rating, seconds, float(chance.choice([1, 1, 1, 1, 0.5, 2.5]))


def write(name):
    learner, rows = Reference(), []
    for user_id, item_id, rating, seconds, weight in events():
        answers = learner.predict(user_id, item_id, seconds)[-1]
        rows.append([user_id, item_id, rating, seconds, weight, *(round(float(value), 6) for value in answers)])
        learner.learn(user_id, item_id, rating, seconds, weight)
    number = lambda value: int(value) if isinstance(value, float) and value == int(value) else value
    lines = ",\n".join("    " + json.dumps([number(value) for value in row]) for row in rows)
    values = {setting: getattr(S, setting) for setting in SETTINGS}
    settings = ",\n".join(f"    {json.dumps(setting)}: {json.dumps(value)}" for setting, value in values.items())
    columns = ["userId", "itemId", "rating", "seconds", "weight", "mean", "bias", "factors", "blend", "low", "high"]
    text = f'{{\n  "settings": {{\n{settings}\n  }},\n  "columns": {json.dumps(columns)},\n  "events": [\n{lines}\n  ]\n}}\n'
    Path(__file__).with_name(name).write_text(text)


def main():
    write("learner.json")
    S.sketchWidth, S.effort = 64, "full"
    write("learner-posterior.json")


if __name__ == "__main__":
    main()
