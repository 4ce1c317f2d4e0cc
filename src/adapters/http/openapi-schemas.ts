/** The JSON values of the HTTP surface (JSON Schema 2020-12, as OpenAPI 3.1 has it). Plain data. */

const id = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  description: 'At most 256 bytes of UTF-8.',
};
const offset = { type: 'integer', minimum: 0, description: 'Position in the partition, from 0.' };
const partition = { type: 'integer', minimum: 0 };
const count = { type: 'integer', minimum: 0 };
const timeMs = { type: 'integer', description: 'Milliseconds since 1970.' };
const perExpert = { type: 'object', additionalProperties: { type: 'number' } };

const predictionFields = {
  userId: id,
  itemId: id,
  prediction: { type: 'number', description: "In the user's scale." },
  low: { type: 'number', description: 'The rating lies in low..high with a probability of 80 %.' },
  high: { type: 'number' },
  parts: {
    type: 'object',
    description: "What moved the factors expert's answer; the four add up to it.",
    required: ['mean', 'userBias', 'itemBias', 'interaction'],
    additionalProperties: false,
    properties: {
      mean: { type: 'number' },
      userBias: { type: 'number' },
      itemBias: { type: 'number' },
      interaction: { type: 'number' },
    },
  },
  experts: {
    ...perExpert,
    description:
      "Every expert's own answer by name; while networks serve theirs too, and `online`, the answer without them.",
  },
  networkWeights: {
    type: 'object',
    additionalProperties: { type: 'number' },
    description: 'By kind of the networks that serve: prediction = online + sum of weight * (network - online).',
  },
  modelVersions: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Serving version of each retrained model kind; empty while none serves.',
  },
  coldUser: { type: 'boolean', description: 'Nothing had been learned about the user.' },
  coldItem: { type: 'boolean', description: 'Nothing had been learned about the item.' },
};

const remembered = {
  itemId: id,
  rating: { type: 'number' },
  ratedAtMs: timeMs,
};
const shownBytes = {
  type: ['object', 'null'],
  required: ['bytes', 'encoding', 'text'],
  additionalProperties: false,
  properties: {
    bytes: { ...count, description: 'How many there are.' },
    encoding: { enum: ['utf-8', 'base64'] },
    text: { type: 'string', description: 'The first kilobyte.' },
  },
};

const entryErrors = {
  type: 'array',
  items: {
    type: 'object',
    required: ['index', 'code', 'reason'],
    additionalProperties: false,
    properties: {
      index: { ...count, description: "Counts the request's entries from 0; empty lines are none." },
      code: { type: 'string', description: 'docs/errors.md lists the codes.' },
      reason: { type: 'string' },
    },
  },
};

const ratingsAnswerFields = {
  accepted: count,
  rejected: count,
  offsets: {
    type: 'array',
    items: {
      type: 'object',
      required: ['partition', 'first', 'count'],
      additionalProperties: false,
      properties: { partition, first: offset, count: { type: 'integer', minimum: 1 } },
    },
  },
  errors: entryErrors,
};

const error = {
  type: 'object',
  required: ['code', 'message'],
  additionalProperties: false,
  properties: { code: { type: 'string', pattern: '^FRESHET_' }, message: { type: 'string' } },
};

const version = { type: ['string', 'null'] };
const modelRecord = {
  type: 'object',
  description: 'What is known of one kind of network (docs/models.md).',
  required: ['kind', 'revision', 'serving', 'shadow', 'former', 'training', 'request', 'versions', 'events'],
  properties: {
    kind: { type: 'string' },
    revision: { ...count, description: 'Goes up with every change.' },
    serving: { ...version, description: 'What answers.' },
    shadow: { type: ['object', 'null'], description: 'What answers beside it, to be judged.' },
    former: { ...version, description: 'What a roll-back brings back.' },
    training: { type: ['object', 'null'], description: 'The training under way, with its progress.' },
    request: { type: ['object', 'null'], description: 'A training that was asked for and has not begun.' },
    versions: { type: 'array', items: { type: 'object' }, description: 'Those that are kept, latest last.' },
    events: { type: 'array', items: { type: 'object' }, description: 'What became of them, latest last.' },
  },
};

export const openApiSchemas = {
  Error: { type: 'object', required: ['error'], additionalProperties: false, properties: { error } },
  Rating: {
    type: 'object',
    description: 'Further fields are ignored. Configured field names apply here as well.',
    required: ['userId', 'itemId', 'rating'],
    properties: {
      userId: { anyOf: [id, { type: 'integer' }] },
      itemId: { anyOf: [id, { type: 'integer' }] },
      rating: { type: ['number', 'null'], description: 'Inside the scale; null withdraws an earlier rating.' },
      ratedAt: { type: ['integer', 'string'], description: 'The time of receipt when it is missing.' },
      eventId: { ...id, type: ['string', 'null'], description: 'Ratings with the same eventId are learned once.' },
      weight: { type: 'number', exclusiveMinimum: 0, maximum: 10, default: 1 },
    },
  },
  RatingsAnswer: {
    type: 'object',
    required: ['accepted', 'rejected', 'offsets', 'errors'],
    additionalProperties: false,
    properties: ratingsAnswerFields,
  },
  RatingsRefusal: {
    type: 'object',
    description: 'The counts are there when the entries were looked at.',
    required: ['error'],
    additionalProperties: false,
    properties: { error, ...ratingsAnswerFields },
  },
  Prediction: {
    type: 'object',
    required: Object.keys(predictionFields),
    additionalProperties: false,
    properties: predictionFields,
  },
  PredictionEvent: {
    type: 'object',
    description: 'The prediction made before a rating was learned.',
    required: [...Object.keys(predictionFields), 'rating', 'ratedAtMs', 'predictedAtMs', 'sourcePartition'],
    properties: {
      ...predictionFields,
      eventId: { type: ['string', 'null'] },
      rating: { type: ['number', 'null'] },
      ratedAtMs: timeMs,
      predictedAtMs: timeMs,
      sourcePartition: partition,
      sourceOffset: offset,
    },
  },
  User: {
    type: 'object',
    required: ['userId', 'isKnown', 'ratingsLearned', 'level', 'history'],
    additionalProperties: false,
    properties: {
      userId: id,
      isKnown: { type: 'boolean' },
      ratingsLearned: { ...count, description: 'Also those that are not remembered any more.' },
      level: { type: 'number', description: 'How far above the mean the user rates lately.' },
      history: {
        type: 'array',
        description: 'Remembered ratings, latest first.',
        items: {
          type: 'object',
          required: Object.keys(remembered),
          additionalProperties: false,
          properties: remembered,
        },
      },
    },
  },
  Explanation: {
    type: 'object',
    required: [...Object.keys(predictionFields), 'reasons', 'ratings'],
    additionalProperties: false,
    properties: {
      ...predictionFields,
      reasons: {
        type: 'array',
        description: 'Steps from the mean to the prediction, those that moved it most first.',
        items: {
          type: 'object',
          required: ['kind', 'moved'],
          additionalProperties: false,
          properties: {
            kind: { enum: ['user', 'item', 'interaction', 'context', 'networks'] },
            moved: { type: 'number' },
          },
        },
      },
      ratings: {
        type: 'array',
        description: 'Ratings of the user that it rests on, those that move it most first.',
        items: {
          type: 'object',
          required: [...Object.keys(remembered), 'moved'],
          additionalProperties: false,
          properties: { ...remembered, moved: { type: 'number' } },
        },
      },
    },
  },
  DeadLetters: {
    type: 'object',
    required: ['total', 'letters'],
    additionalProperties: false,
    properties: {
      total: { type: ['integer', 'null'], description: 'Null where it is not known without reading them all.' },
      letters: {
        type: 'array',
        maxItems: 100,
        items: {
          type: 'object',
          required: [
            'partition',
            'offset',
            'refusedAtMs',
            'code',
            'reason',
            'source',
            'schemaId',
            'isRetried',
            'key',
            'value',
          ],
          additionalProperties: false,
          properties: {
            partition,
            offset,
            refusedAtMs: timeMs,
            code: { type: 'string', description: 'docs/errors.md lists the codes.' },
            reason: { type: 'string' },
            source: {
              type: 'object',
              description: 'Where the record stands that was refused.',
              required: ['topic', 'partition', 'offset'],
              additionalProperties: false,
              properties: { topic: { type: 'string' }, partition, offset },
            },
            schemaId: { type: ['integer', 'null'] },
            isRetried: { type: 'boolean', description: 'Its bytes were put into the ratings again since.' },
            key: shownBytes,
            value: shownBytes,
          },
        },
      },
    },
  },
  Retry: {
    type: 'object',
    description: 'Where the bytes stand in the ratings now.',
    required: ['partition', 'offset'],
    additionalProperties: false,
    properties: { partition, offset },
  },
  Recommendations: {
    type: 'object',
    required: ['userId', 'recommendations'],
    additionalProperties: false,
    properties: {
      userId: id,
      recommendations: {
        type: 'array',
        description: 'Best first; nothing that the user has rated.',
        maxItems: 100,
        items: {
          type: 'object',
          required: ['itemId', 'prediction'],
          additionalProperties: false,
          properties: { itemId: id, prediction: { type: 'number' } },
        },
      },
    },
  },
  Forgetting: {
    type: 'object',
    description: 'Where in the log the user is forgotten.',
    required: ['userId', 'partition', 'offset'],
    additionalProperties: false,
    properties: { userId: id, partition, offset },
  },
  Model: modelRecord,
  Models: {
    type: 'object',
    required: ['models'],
    additionalProperties: false,
    properties: { models: { type: 'array', items: modelRecord } },
  },
  Status: {
    type: 'object',
    required: ['status'],
    additionalProperties: false,
    properties: { status: { enum: ['alive', 'ready'] } },
  },
  Index: {
    type: 'object',
    required: ['name', 'routes'],
    additionalProperties: false,
    properties: {
      name: { const: 'freshet' },
      routes: {
        type: 'array',
        items: {
          type: 'object',
          required: ['method', 'path'],
          additionalProperties: false,
          properties: { method: { type: 'string' }, path: { type: 'string' } },
        },
      },
    },
  },
};
