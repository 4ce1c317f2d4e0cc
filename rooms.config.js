/**
 * The rooms of the project and what each may import (docs/architecture.md).
 * The lint turns these into one rule a room, with a message that says what to do instead.
 * `forbidden` matches import paths that may not appear; `typesOnly` those that may appear only with `import type`.
 */
export const rooms = [
  {
    files: ['src/model/**', 'src/kernel/**'],
    forbidden: '^(?!\\.{1,2}/)|/(stream|ports|adapters|train|cli)/|/(main|config)\\.ts$',
    message:
      'model/ and kernel/ are pure: they import each other and errors.ts, no package and no node:*. Pass what you need in as an argument.',
  },
  {
    files: ['src/ports/**'],
    forbidden: '^(?!\\.{1,2}/)|/(stream|adapters|train|cli|kernel)/|/(main|config)\\.ts$',
    typesOnly: '/model/',
    message:
      'ports/ holds types only: what the flow needs, never how it is done. Import types of model/ with `import type`.',
  },
  {
    files: ['src/train/**'],
    forbidden: '^(?!\\.{1,2}/|@tensorflow/)|/(stream|adapters|cli)/|/(main|config)\\.ts$',
    typesOnly: '/ports/',
    message: 'train/ fits networks: model/, kernel/, errors.ts, types of ports/ and TensorFlow, nothing of the stream.',
  },
  {
    files: ['src/stream/**'],
    forbidden: '^(?!\\.{1,2}/)|/(adapters|train|cli)/|/(main|config)\\.ts$',
    message:
      'stream/ is the flow over ports: no package, no node:*, no adapter. Declare what you need in ports/ and let main.ts hand it in.',
  },
  {
    files: ['src/adapters/**'],
    forbidden: '/(stream|train|cli)/|/(main|config)\\.ts$|^\\.\\./(?!\\.\\./)[^/]+/',
    typesOnly: '/model/',
    message:
      'An adapter knows ports/, types of model/, errors.ts, its own library and node:*; never the flow or another adapter. main.ts joins them.',
  },
  {
    files: ['src/errors.ts'],
    forbidden: '.',
    message: 'errors.ts imports nothing: everybody imports it.',
  },
];
