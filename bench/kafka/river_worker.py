"""What one would otherwise write in Python: confluent-kafka and river, transactional, no durable state.

consume -> BiasedMF predict_one, learn_one -> produce a prediction -> send offsets -> commit. Avro by fastavro, which
confluent-kafka's own serializers use. Run by bench/kafka.mjs with one JSON argument.
"""
import io
import json
import signal
import sys

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition
from river import optim, reco

options = json.loads(sys.argv[1])
with open(options["schema"]) as file:
    rating_schema = fastavro.parse_schema(json.load(file))
prediction_schema = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Prediction",
        "fields": [
            {"name": "userId", "type": "string"},
            {"name": "itemId", "type": "string"},
            {"name": "prediction", "type": "double"},
            {"name": "sourceOffset", "type": "long"},
        ],
    }
)
model = reco.BiasedMF(
    n_factors=10,
    bias_optimizer=optim.SGD(0.025),
    latent_optimizer=optim.SGD(0.05),
    weight_initializer=optim.initializers.Zeros(),
    latent_initializer=optim.initializers.Normal(mu=0.0, sigma=0.1, seed=73),
    l2_bias=0.0,
    l2_latent=0.0,
)
brokers = {"bootstrap.servers": ",".join(options["brokers"])}
consumer = Consumer(
    {
        **brokers,
        "group.id": options["groupId"],
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    }
)
producer = Producer(
    {**brokers, "transactional.id": options["groupId"], "linger.ms": 5, "queue.buffering.max.messages": 1000000}
)
running = True


def stop(*_):
    global running
    running = False


signal.signal(signal.SIGTERM, stop)
producer.init_transactions()
consumer.subscribe([options["topic"]])
print("ready", flush=True)
while running:
    messages = consumer.consume(options["transaction"], timeout=0.1)
    if not messages:
        continue
    producer.begin_transaction()
    nexts = {}
    for message in messages:
        if message.error():
            raise SystemExit(str(message.error()))
        rating = fastavro.schemaless_reader(io.BytesIO(message.value()), rating_schema)
        user, item = rating["userId"], rating["itemId"]
        prediction = min(5.0, max(1.0, model.predict_one(user=user, item=item)))
        model.learn_one(user=user, item=item, y=rating["rating"])
        out = io.BytesIO()
        fastavro.schemaless_writer(
            out,
            prediction_schema,
            {"userId": user, "itemId": item, "prediction": prediction, "sourceOffset": message.offset()},
        )
        producer.produce(options["output"], value=out.getvalue(), key=message.key(), partition=message.partition())
        nexts[message.partition()] = message.offset() + 1
    offsets = [TopicPartition(options["topic"], partition, offset) for partition, offset in nexts.items()]
    producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
    producer.commit_transaction()
consumer.close()
