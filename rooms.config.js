/**
 * The rooms of the project and what each may import (docs/architecture.md).
 * The lint turns these into one rule a room, with a message that says what to do instead.
 * `forbidden` matches import paths that may not appear; `typesOnly` those that may appear only with `import type`.
 * `static` rooms have no `import()`, which these patterns would not see.
 */

/** Files beside the rooms that only the command line knows; errors.ts is everybody's. */
const root = '/(main|config|setting|parse-setting)\\.ts$';

export const rooms = [
  {
    files: ['src/model/**', 'src/kernel/**'],
    forbidden: `^(?!\\.{1,2}/)|/(stream|ports|adapters|train|cli)/|${root}`,
    static: true,
    message:
      'model/ and kernel/ are pure: they import each other and errors.ts, no package and no node:*. Pass what you need in as an argument.',
  },
  {
    files: ['src/ports/**'],
    forbidden: '^(?!\\./[^/]+$|\\.\\./model/[^.])',
    typesOnly: '/model/',
    static: true,
    message:
      'ports/ holds types only: what the flow needs, never how it is done. Import types of model/ with `import type`, and nothing else.',
  },
  {
    files: ['src/train/**'],
    forbidden: '^(?!\\./[^/]+$|\\.\\./(model|kernel|ports)/[^.]|\\.\\./errors\\.ts$|@tensorflow/)',
    typesOnly: '/ports/',
    message: 'train/ fits networks: model/, kernel/, errors.ts, types of ports/ and TensorFlow, nothing of the stream.',
  },
  {
    files: ['src/stream/**'],
    forbidden: '^(?!\\./[^/]+$|\\.\\./(model|kernel|ports)/[^.]|\\.\\./errors\\.ts$)',
    static: true,
    message:
      'stream/ is the flow over ports: no package, no node:*, no adapter. Declare what you need in ports/ and let cli/ hand it in.',
  },
  {
    files: ['src/adapters/**'],
    forbidden: '^\\.(?!/[^/]+$|\\./\\.\\./(ports|model)/[^.]|\\./\\.\\./errors\\.ts$)',
    typesOnly: '/model/',
    message:
      'An adapter knows ports/, types of model/, errors.ts, its own library and node:*; never the flow or another adapter. cli/ joins them.',
  },
  {
    files: ['src/config.ts', 'src/setting.ts', 'src/parse-setting.ts'],
    forbidden: '^\\.(?!/(config|setting|parse-setting|errors)\\.ts$)',
    message:
      'Settings are read the same way for every command: they know each other, errors.ts and node:*, and no room.',
  },
  {
    files: ['src/console/**'],
    forbidden: '^(?!\\./[^/]+\\.js$|uplot$)',
    typesOnly: '^uplot$',
    static: true,
    message:
      'console/ is what a browser gets, as it is written: its files import each other, and nothing else. Ask the worker over HTTP.',
  },
  {
    files: ['src/cli/**', 'test/**', 'bench/**'],
    forbidden: '/main\\.ts$',
    message: 'main.ts is the process around the commands: nobody imports it. What both need belongs in cli/.',
  },
  {
    files: ['src/errors.ts'],
    forbidden: '.',
    static: true,
    message: 'errors.ts imports nothing: everybody imports it.',
  },
];
