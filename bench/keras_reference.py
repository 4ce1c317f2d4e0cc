"""One network in Keras, or in plain TensorFlow where Keras has none, for some epochs, and what each of them cost.

    python keras_reference.py FILE KIND EPOCHS

FILE is JSON with the columns of a training and of a validation part. Prints one JSON object: the processor and wall seconds of
an epoch, the mean of all after the first one, in which graphs are made. Networks, batches and penalties are those of src/train/: autoencoder and RBM dense over all users, with a
mask where there is no rating. Run by bench/keras.mjs.
"""
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import keras
import numpy as np
import tensorflow as tf

file, kind, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(file) as text:
    data = json.load(text)
n_users, n_items = data["users"], data["items"]
hyper = data["hyper"][kind]
keras.utils.set_random_seed(1)


def columns(part):
    return (
        np.asarray(data[part]["users"], np.int32),
        np.asarray(data[part]["items"], np.int32),
        np.asarray(data[part]["ratings"], np.float32),
    )


users, items, ratings = columns("train")
told = []


class Clock(keras.callbacks.Callback):
    """An epoch ends with its validation, as ours does."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = (time.process_time(), time.perf_counter())

    def on_epoch_end(self, epoch, logs=None):
        told.append(
            {
                "cpuSeconds": time.process_time() - self.start[0],
                "seconds": time.perf_counter() - self.start[1],
            }
        )


def pair_network():
    """deep and residual: rows of user and item, biases outside."""
    d = hyper["d"]
    user = keras.Input((), dtype="int32")
    item = keras.Input((), dtype="int32")
    p = keras.layers.Embedding(n_users, d)(user)
    q = keras.layers.Embedding(n_items, d)(item)
    rows = keras.layers.Concatenate()([p, q])
    if kind == "deep":
        out = rows
        for units in (128, 64):
            out = keras.layers.Dense(units, activation="relu")(out)
            out = keras.layers.BatchNormalization(epsilon=1e-3)(out)
            out = keras.layers.Dropout(hyper["dropout"])(out)
    else:
        first = keras.layers.Dense(2 * d, activation="relu")(rows)
        second = keras.layers.Dense(64, activation="relu")(first)
        third = keras.layers.Dense(2 * d, activation="relu")(second)
        block = keras.layers.Add()([third, rows])
        out = keras.layers.Concatenate()([keras.layers.Dot(axes=1)([p, q]), block])
    out = keras.layers.Dense(1)(out)
    for ids, count in ((user, n_users), (item, n_items)):
        out = keras.layers.Add()([out, keras.layers.Embedding(count, 1)(ids)])
    model = keras.Model([user, item], out)
    model.compile(optimizer=keras.optimizers.Adam(hyper["rate"]), loss="mse")
    v_users, v_items, v_ratings = columns("validation")
    mean = ratings.mean()
    model.fit(
        [users, items],
        ratings - mean,
        batch_size=hyper["batch"],
        epochs=1 + epochs,
        validation_data=([v_users, v_items], v_ratings - mean),
        validation_batch_size=4096,
        verbose=0,
        callbacks=[Clock()],
    )


def autoencoder():
    """Items over all users: how each rates, then who does; a target of -99 is no rating."""
    residuals = ratings - ratings.mean()
    x = np.zeros((n_items, 2 * n_users), np.float32)
    y = np.full((n_items, n_users), -99, np.float32)
    x[items, users] = residuals
    x[items, n_users + users] = 2
    y[items, users] = residuals
    rated = np.unique(items)
    x, y = x[rated], y[rated]

    def masked(target, answer):
        error = tf.where(target > -50.0, target - answer, 0.0)
        return 0.5 * tf.reduce_sum(error * error, axis=-1)

    penalty = keras.regularizers.L2(hyper["penalty"] * len(ratings) ** 0.5 / 2 / n_items)
    item = keras.Input((2 * n_users,))
    hidden = keras.layers.Dense(hyper["hidden"], activation="sigmoid", kernel_regularizer=penalty)(item)
    model = keras.Model(item, keras.layers.Dense(n_users, kernel_regularizer=penalty)(hidden))
    model.compile(optimizer=keras.optimizers.Adam(hyper["rate"]), loss=masked)
    model.fit(x, y, batch_size=hyper["batch"], epochs=1 + epochs, verbose=0, callbacks=[Clock()])


def rbm():
    """CD-1 in one graph: softmax units of all users, those without a rating held at zero by the mask."""
    levels, hidden, batch = 5, hyper["hidden"], hyper["batch"]
    level = np.clip(np.rint(ratings).astype(int) - 1, 0, levels - 1)
    visible = np.zeros((n_items, n_users, levels), np.float32)
    visible[items, users, level] = 1
    visible = visible[np.unique(items)].reshape(-1, n_users * levels)
    weights = tf.Variable(tf.random.normal((n_users * levels, hidden), stddev=0.01))
    a = tf.Variable(tf.zeros((n_users * levels,)))
    c = tf.Variable(tf.zeros((hidden,)))
    velocities = [tf.Variable(tf.zeros_like(part)) for part in (weights, a, c)]

    @tf.function(reduce_retracing=True)
    def step(v0):
        mask = tf.repeat(tf.reduce_sum(tf.reshape(v0, (-1, n_users, levels)), 2), levels, axis=1)
        h0 = tf.sigmoid(tf.matmul(v0, weights) + c)
        sample = tf.cast(tf.random.uniform(tf.shape(h0)) < h0, tf.float32)
        logits = tf.reshape(tf.matmul(sample, weights, transpose_b=True) + a, (-1, n_users, levels))
        gumbel = -tf.math.log(-tf.math.log(tf.random.uniform(tf.shape(logits), 1e-9, 1.0)))
        drawn = tf.one_hot(tf.argmax(logits + gumbel, 2), levels)
        v1 = tf.reshape(drawn, (-1, n_users * levels)) * mask
        h1 = tf.sigmoid(tf.matmul(v1, weights) + c)
        size = tf.cast(tf.shape(v0)[0], tf.float32)
        gradients = (
            (tf.matmul(v0, h0, transpose_a=True) - tf.matmul(v1, h1, transpose_a=True)) / size
            - hyper["penalty"] * weights,
            tf.reduce_mean(v0 - v1, 0),
            tf.reduce_mean(h0 - h1, 0),
        )
        for part, velocity, gradient in zip((weights, a, c), velocities, gradients):
            velocity.assign(hyper["momentum"] * velocity + hyper["rate"] * gradient)
            part.assign_add(velocity)

    clock = Clock()
    for epoch in range(1 + epochs):
        clock.on_epoch_begin(epoch)
        order = np.random.permutation(len(visible))
        for at in range(0, len(order), batch):
            step(tf.constant(visible[order[at : at + batch]]))
        clock.on_epoch_end(epoch)


{"deep": pair_network, "residual": pair_network, "autoencoder": autoencoder, "rbm": rbm}[kind]()
each = {figure: sum(epoch[figure] for epoch in told[1:]) / epochs for figure in ("cpuSeconds", "seconds")}
json.dump({"backend": f"tensorflow {tf.__version__}, keras {keras.__version__}", **each}, sys.stdout)
