/** The OpenAPI 3.1 document behind GET /openapi.json. A test compares it with the registered routes and their answers. */
import { openApiSchemas } from './openapi-schemas.ts';

type SchemaName = keyof typeof openApiSchemas;

function json(schema: SchemaName, description: string): object {
  return { description, content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

function retryLater(schema: SchemaName, description: string): object {
  return { ...json(schema, description), headers: { 'retry-after': { $ref: '#/components/headers/RetryAfter' } } };
}

const refusals = {
  400: json('Error', 'The path, the query or the body is wrong.'),
  401: json('Error', 'The bearer token is missing or wrong.'),
};
const notReady = { 503: retryLater('Error', 'The worker does not serve yet, or no longer.') };
const foreignOrigin = { 403: json('Error', 'The request comes from a web page of another origin.') };
const overloaded = { 429: retryLater('Error', 'Too much is waiting to be learned; nothing was accepted.') };
const storageFull = { 507: json('Error', 'The disk is full; nothing was accepted.') };
const changes = {
  ...refusals,
  ...foreignOrigin,
  ...notReady,
  ...storageFull,
  409: json('Error', 'It makes no sense as things are; nothing was changed.'),
};
const open: readonly object[] = [];

const userId = { $ref: '#/components/parameters/UserId' };
const itemId = { $ref: '#/components/parameters/ItemId' };
const networkKind = { $ref: '#/components/parameters/Kind' };
const rating = { $ref: '#/components/schemas/Rating' };

export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Freshet',
    version: '1',
    description: 'Ratings stream in, predictions stream out, and every rating is learned.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  security: [{ token: [] }, {}],
  paths: {
    '/ratings': {
      post: {
        operationId: 'addRatings',
        summary: 'Add ratings; answered when they are durable.',
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: { anyOf: [rating, { type: 'array', items: rating, maxItems: 10_000 }] } },
            'application/x-ndjson': { schema: { type: 'string', description: 'One rating a line.' } },
          },
        },
        responses: {
          ...refusals,
          ...foreignOrigin,
          ...overloaded,
          202: json('RatingsAnswer', 'The good ratings are durable, the bad ones listed.'),
          400: json('RatingsRefusal', 'The body is not JSON, or nothing in it can be used.'),
          413: json('Error', 'The body is too long or has too many ratings; nothing was accepted.'),
          415: json('Error', 'The content type is neither JSON nor NDJSON.'),
          503: retryLater('RatingsRefusal', 'Not ready; or stored in part, and then the answer says which part.'),
          507: json('RatingsRefusal', 'The disk is full.'),
        },
      },
    },
    '/users/{userId}': {
      get: {
        operationId: 'showUser',
        summary: 'What is remembered of a user.',
        parameters: [userId],
        responses: { ...refusals, ...notReady, 200: json('User', 'Nothing is remembered of an unknown one.') },
      },
      delete: {
        operationId: 'forgetUser',
        summary: 'Forget a user: a tombstone goes into the log.',
        parameters: [userId],
        responses: {
          ...refusals,
          ...foreignOrigin,
          ...overloaded,
          ...notReady,
          ...storageFull,
          202: json('Forgetting', 'The tombstone is durable.'),
        },
      },
    },
    '/users/{userId}/predictions/{itemId}': {
      get: {
        operationId: 'predict',
        summary: 'What a user would rate an item. Unknown ids are answered too.',
        parameters: [userId, itemId],
        responses: { ...refusals, ...notReady, 200: json('Prediction', 'The prediction.') },
      },
    },
    '/users/{userId}/explanations/{itemId}': {
      get: {
        operationId: 'explain',
        summary: 'What a user would rate an item, and what moved the prediction most.',
        parameters: [userId, itemId],
        responses: { ...refusals, ...notReady, 200: json('Explanation', 'The prediction with its reasons.') },
      },
    },
    '/users/{userId}/recommendations': {
      get: {
        operationId: 'recommend',
        summary: 'The best items that the user has not rated.',
        parameters: [
          userId,
          { name: 'count', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 10 } },
        ],
        responses: { ...refusals, ...notReady, 200: json('Recommendations', 'The items, best first.') },
      },
    },
    '/predictions/stream': {
      get: {
        operationId: 'streamPredictions',
        summary: 'Every prediction as it becomes durable, as server-sent events.',
        parameters: [
          {
            name: 'Last-Event-ID',
            in: 'header',
            description: 'The id of the last event that was received: the stream goes on behind it.',
            schema: { type: 'string' },
          },
          { name: 'from', in: 'query', schema: { enum: ['start', 'end'], default: 'end' } },
        ],
        responses: {
          ...refusals,
          200: {
            description: 'An endless stream; the data of each event is a PredictionEvent.',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          503: retryLater('Error', 'The worker is going away, or has as many readers as it can.'),
        },
      },
    },
    '/live': {
      get: {
        operationId: 'live',
        summary: 'What the console shows, once a second, as server-sent events.',
        responses: {
          ...refusals,
          200: {
            description: 'An endless stream: `history` once, then `state`, and `predictions` when there were any.',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          503: retryLater('Error', 'The worker is going away, or as many consoles look at it as may.'),
        },
      },
    },
    '/dead-letters': {
      get: {
        operationId: 'listDeadLetters',
        summary: 'The latest records that were refused, and why.',
        parameters: [
          { name: 'count', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
        ],
        responses: { ...refusals, ...notReady, 200: json('DeadLetters', 'Newest first.') },
      },
    },
    '/dead-letters/{partition}/{offset}/retry': {
      post: {
        operationId: 'retryDeadLetter',
        summary: 'Put the untouched bytes into the ratings once more.',
        parameters: [{ $ref: '#/components/parameters/Partition' }, { $ref: '#/components/parameters/Offset' }],
        responses: {
          ...changes,
          ...overloaded,
          202: json('Retry', 'They stand there, and it is remembered that they do.'),
          404: json('Error', 'There is no such dead letter, or too many came after it.'),
        },
      },
    },
    '/models': {
      get: {
        operationId: 'listModels',
        summary: 'Every kind of network: what serves, what is tried, what became of others.',
        responses: { ...refusals, ...notReady, 200: json('Models', 'One record a kind.') },
      },
    },
    '/models/{kind}/train': {
      post: {
        operationId: 'trainModel',
        summary: 'Ask for a training; it begins soon.',
        parameters: [networkKind],
        responses: {
          ...refusals,
          ...foreignOrigin,
          ...notReady,
          ...storageFull,
          202: json('Model', 'It was asked for.'),
        },
      },
    },
    '/models/{kind}/promote': {
      post: {
        operationId: 'promoteModel',
        summary: 'Let a version serve, whatever the rule of promotion thinks of it.',
        parameters: [networkKind, { name: 'version', in: 'query', required: true, schema: { type: 'string' } }],
        responses: { ...changes, 200: json('Model', 'It serves.') },
      },
    },
    '/models/{kind}/roll-back': {
      post: {
        operationId: 'rollBackModel',
        summary: 'Let the version before it serve again.',
        parameters: [networkKind],
        responses: { ...changes, 200: json('Model', 'It serves.') },
      },
    },
    '/healthz': {
      get: {
        operationId: 'healthz',
        summary: 'Whether the process lives. Never asks for a token.',
        security: open,
        responses: { ...notReady, 200: json('Status', 'It does.') },
      },
    },
    '/readyz': {
      get: {
        operationId: 'readyz',
        summary: 'Whether the worker serves. Never asks for a token.',
        security: open,
        responses: { ...notReady, 200: json('Status', 'It does.') },
      },
    },
    '/metrics': {
      get: {
        operationId: 'metrics',
        summary: 'Metrics in the Prometheus text format.',
        responses: {
          ...refusals,
          ...notReady,
          200: {
            description: 'docs/metrics.md lists them.',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
        },
      },
    },
    '/openapi.json': {
      get: {
        operationId: 'openapi',
        summary: 'This document.',
        responses: {
          ...refusals,
          ...notReady,
          200: { description: 'The document.', content: { 'application/json': { schema: { type: 'object' } } } },
        },
      },
    },
    '/': {
      get: {
        operationId: 'index',
        summary: 'The console for a browser; for everybody else the routes there are.',
        responses: {
          ...refusals,
          ...notReady,
          200: {
            description: 'The page, or the routes.',
            content: {
              'application/json': { schema: { $ref: '#/components/schemas/Index' } },
              'text/html': { schema: { type: 'string' } },
            },
          },
        },
      },
    },
    '/console/{file}': {
      get: {
        operationId: 'consoleFile',
        summary: 'A file of the console. Never asks for a token.',
        security: open,
        parameters: [{ $ref: '#/components/parameters/File' }],
        responses: {
          ...notReady,
          200: { description: 'The file.', content: { '*/*': { schema: { type: 'string' } } } },
          304: { description: 'It is what the browser has.' },
          404: json('Error', 'There is no such file.'),
        },
      },
    },
  },
  components: {
    securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'Only when the worker was given one.' } },
    parameters: {
      UserId: { name: 'userId', in: 'path', required: true, schema: { type: 'string', minLength: 1 } },
      Kind: { name: 'kind', in: 'path', required: true, schema: { type: 'string', minLength: 1 } },
      Partition: { name: 'partition', in: 'path', required: true, schema: { type: 'integer', minimum: 0 } },
      Offset: { name: 'offset', in: 'path', required: true, schema: { type: 'integer', minimum: 0 } },
      File: { name: 'file', in: 'path', required: true, schema: { type: 'string' } },
      ItemId: { name: 'itemId', in: 'path', required: true, schema: { type: 'string', minLength: 1 } },
    },
    headers: { RetryAfter: { description: 'Seconds to wait.', schema: { type: 'integer' } } },
    schemas: openApiSchemas,
  },
};
