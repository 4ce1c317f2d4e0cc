/**
 * What tells the changelogs from others of the same names: the cluster's id and the ids of the topics, which a topic that
 * is made anew does not share. kafkajs speaks no version of Metadata that has topic ids, so version 10 is written here.
 */
import type { Broker, Kafka } from 'kafkajs';
import { InvariantViolation } from '../../errors.ts';
import { asBrokerError } from './broker-error.ts';
import { clusterOf } from './cluster-of.ts';
import { createErrorFromCode, RequestEncoder, type BrokerConnections } from './kafkajs-internals.ts';

export interface TopicIdentity {
  readonly clusterId: string;
  /** As hexadecimal digits; empty when the brokers have no ids of topics (before Kafka 2.8). */
  readonly topicIds: readonly string[];
}

const metadataRequest = 3;
const version = 10;

/** The topics must exist. `brokers` is for messages. */
export async function topicIdentity(
  kafka: Kafka,
  topics: readonly string[],
  brokers: readonly string[],
): Promise<TopicIdentity> {
  const cluster = clusterOf(kafka);
  try {
    await cluster.connect();
    for (const topic of topics) await cluster.addTargetTopic(topic);
    await cluster.refreshMetadata();
    const broker: Broker = await cluster.findControllerBroker();
    const connections = broker as unknown as BrokerConnections;
    const spoken = connections.versions?.[metadataRequest];
    if (spoken === undefined || spoken.maxVersion < version) {
      const { clusterId } = await kafkaClusterId(kafka);
      return { clusterId, topicIds: [] };
    }
    let clusterId = '';
    const topicIds: string[] = [];
    for (const topic of topics) {
      const answer = await askFor(connections, topic);
      clusterId = answer.clusterId;
      topicIds.push(answer.topicId);
    }
    return { clusterId, topicIds };
  } catch (error) {
    throw asBrokerError(error, 'Asking for the ids of topics', brokers);
  } finally {
    await cluster.disconnect();
  }
}

async function kafkaClusterId(kafka: Kafka): Promise<{ clusterId: string }> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await admin.describeCluster();
  } finally {
    await admin.disconnect();
  }
}

function askFor(
  { connectionPool }: BrokerConnections,
  topic: string,
): Promise<{ readonly clusterId: string; readonly topicId: string }> {
  return connectionPool.send({
    request: {
      apiKey: metadataRequest,
      apiVersion: version,
      apiName: 'Metadata',
      encode() {
        const body = new RequestEncoder();
        body.writeBufferInternal(encodeRequest(topic));
        return Promise.resolve(body);
      },
    },
    response: { decode: (bytes) => Promise.resolve(decodeResponse(bytes)), parse: (found) => Promise.resolve(found) },
  });
}

/** Tagged fields are empty everywhere; the first ones belong to the header. */
function encodeRequest(topic: string): Buffer {
  const name = Buffer.from(topic);
  const noTopicId = Buffer.alloc(16);
  const [noCreation, noOperations, noTags] = [0, 0, 0];
  return Buffer.concat([
    Buffer.from([noTags, 2]), // one topic: lengths are one more than they are
    noTopicId,
    unsignedVarint(name.length + 1),
    name,
    Buffer.from([noTags, noCreation, noOperations, noOperations, noTags]),
  ]);
}

/** Everything up to the id of the one topic. */
function decodeResponse(bytes: Buffer): { clusterId: string; topicId: string } {
  let at = 0;
  const skip = (byteCount: number): void => void (at += byteCount);
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const text = (): string => {
    const length = Math.max(0, varint() - 1);
    skip(length);
    return bytes.toString('utf8', at - length, at);
  };
  const tags = (): void => {
    for (let count = varint(); count > 0; count--) {
      varint();
      skip(varint());
    }
  };
  tags();
  skip(4); // throttle
  for (let brokers = varint() - 1; brokers > 0; brokers--) {
    skip(4);
    text();
    skip(4);
    text();
    tags();
  }
  const clusterId = text();
  skip(4); // controller
  if (varint() !== 2)
    throw new InvariantViolation('Metadata of one topic were asked for and not answered. Please report it.');
  const errorCode = bytes.readInt16BE(at);
  if (errorCode !== 0) throw createErrorFromCode(errorCode);
  skip(2);
  text();
  return { clusterId, topicId: bytes.toString('hex', at, at + 16) };
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
