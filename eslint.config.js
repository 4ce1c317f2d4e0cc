import tseslint from 'typescript-eslint';
import { rooms } from './rooms.config.js';

const noImportExpression = (message) => ({ selector: 'ImportExpression, TSImportType', message });

const impure = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'No clock here: take a Clock.' },
  { selector: 'CallExpression[callee.name="Date"]', message: 'No clock here: take a Clock.' },
];

const impureProperties = [
  { object: 'Date', property: 'now', message: 'No clock here: take a Clock.' },
  { object: 'Math', property: 'random', message: 'No chance here: take a seed (kernel/seeded.ts).' },
];

const impureGlobals = [
  ...['process', 'console', 'global', 'globalThis', 'performance', 'crypto', 'Buffer', 'fetch'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
];

const roomRules = rooms.map((room) => ({
  files: [...room.files],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          { regex: room.forbidden, message: room.message },
          ...(room.typesOnly ? [{ regex: room.typesOnly, allowTypeImports: true, message: room.message }] : []),
        ],
      },
    ],
    ...(room.static ? { 'no-restricted-syntax': ['error', noImportExpression(room.message)] } : {}),
  },
}));

const roomOf = (file) => rooms.find(({ files }) => files.includes(file));

export default tseslint.config(
  {
    // AssemblyScript looks like TypeScript and is not.
    ignores: ['dist/**', 'node_modules/**', '.cache/**', '.tfjs-native/**', 'coverage/**', 'src/kernel/assembly/**'],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.config.js', 'bench/*.mjs', 'scripts/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  ...roomRules,
  ...['src/model/**', 'src/kernel/**', 'src/stream/**'].map((file) => ({
    files: [file],
    rules: {
      'no-restricted-syntax': ['error', ...impure, noImportExpression(roomOf(file).message)],
      'no-restricted-properties': ['error', ...impureProperties],
      'no-restricted-globals': [
        'error',
        ...impureGlobals.map((name) => ({
          name,
          message: 'model/, kernel/ and stream/ are pure: it is passed in through a port.',
        })),
      ],
    },
  })),
  {
    files: ['src/ports/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        noImportExpression(roomOf('src/ports/**').message),
        {
          selector: 'VariableDeclaration, FunctionDeclaration, ClassDeclaration, TSEnumDeclaration',
          message: roomOf('src/ports/**').message,
        },
      ],
    },
  },
  {
    // Numeric code: every index is proven by a loop bound or a layout.
    files: [
      'src/kernel/**',
      'src/model/**',
      'src/train/**',
      'src/adapters/kafka/crc32c.ts',
      'src/stream/{score,live-score,shares,partition-of,prediction-draft,prequential,replayed}.ts',
      'test/**',
      'bench/**',
    ],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['test/**', 'bench/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  { files: ['**/*.mjs', '**/*.js'], ...tseslint.configs.disableTypeChecked },
);
