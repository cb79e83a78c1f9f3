// What the house asks of its code: typescript-eslint's strict rules, and who may import whom.
import boundaries from 'eslint-plugin-boundaries';
import tseslint from 'typescript-eslint';

/** Each part of the house, where it lives, and what it may import beside itself. `types` may be imported as types alone. */
const HOUSE = {
  support: { at: 'src/support', may: [] },
  lab: { at: 'src/lab', may: ['support'] },
  swarm: { at: 'src/swarm', may: ['support', 'lab'] },
  method: { at: 'src/method', may: ['support', 'lab', 'swarm'] },
  disaster: { at: 'src/disaster', may: ['support', 'lab', 'swarm'] },
  swarmFile: { at: 'src/swarm-file', may: ['support', 'lab', 'swarm'] },
  check: { at: 'src/check', may: ['support', 'lab', 'swarm'] },
  drill: {
    at: 'src/drill',
    may: ['support'],
    types: ['lab', 'swarm', 'method', 'disaster', 'check'],
  },
  report: { at: 'src/report', may: ['support', 'drill'] },
  cli: {
    at: 'src/cli',
    may: [
      'support',
      'lab',
      'swarm',
      'method',
      'disaster',
      'check',
      'swarmFile',
      'drill',
      'report',
      'door',
      'fixtures',
    ],
  },
  fixtures: { at: 'fixtures', may: ['door'] },
  drills: { at: 'drills', may: ['door', 'fixtures'] },
  // Last: what lies in `src` itself, which is index.ts.
  door: {
    at: 'src',
    may: ['support', 'lab', 'swarm', 'method', 'disaster', 'check', 'drill', 'report'],
  },
};

/** Libraries that one place alone may speak to; whoever else needs them asks that place. */
const BEHIND_ONE_DOOR = {
  testcontainers: ['src/swarm/node.ts', 'bench/**'],
  dockerode: ['src/lab/engine.ts', 'src/swarm/node.ts', 'bench/**'],
  execa: ['src/support/command.ts', 'test/**'],
  mustache: ['src/report/html.ts'],
  pg: ['fixtures/ledger/**'],
  'tar-stream': ['src/method/**', 'src/swarm-file/**', 'test/**', 'src/lab/images.ts', 'src/swarm/node.ts'],
  'age-encryption': ['src/method/**', 'src/swarm-file/**', 'test/**'],
  commander: ['src/cli/**'],
  'cli-table3': ['src/cli/**'],
  'log-update': ['src/cli/progress/**'],
  picocolors: ['src/cli/palette.ts'],
};

const isPart = (type) => ({ element: { type } });
const importRules = Object.entries(HOUSE).flatMap(([from, { may, types = [] }]) => [
  ...[from, ...may].map((to) => ({ from: isPart(from), allow: { to: isPart(to) } })),
  ...types.map((to) => ({
    from: isPart(from),
    allow: { to: isPart(to), dependency: { kind: 'type' } },
  })),
]);

const doorRule = (names) => [
  'error',
  {
    paths: names.map((name) => ({
      name,
      message: `only ${BEHIND_ONE_DOOR[name].join(', ')} may import ${name}`,
    })),
  },
];
const guarded = Object.keys(BEHIND_ONE_DOOR);
const doorsByPlace = Object.groupBy(
  Object.entries(BEHIND_ONE_DOOR).flatMap(([name, places]) => places.map((place) => ({ name, place }))),
  ({ place }) => place,
);

export default tseslint.config(
  { ignores: ['node_modules/', '.install-*/', 'reports/', 'docs/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // What Docker answers comes typed as `any` or too narrowly, and is narrowed in place.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-type-assertion': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // Numbers in messages are meant.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowNever: true }],
      // `process.env['NAME']` is what noPropertyAccessFromIndexSignature asks for.
      '@typescript-eslint/dot-notation': 'off',
      // An async function may have nothing to wait for when its type asks for a promise.
      '@typescript-eslint/require-await': 'off',
      // `(chunk) => (text += chunk)` is short for what it says.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // What must not compile: its types are wrong on purpose.
    files: ['test/types/**'],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    files: ['**/*.{ts,js,mjs}'],
    rules: { 'no-restricted-imports': doorRule(guarded) },
  },
  ...Object.entries(doorsByPlace).map(([place, here]) => ({
    files: [place],
    rules: {
      'no-restricted-imports': doorRule(guarded.filter((name) => !here.some((door) => door.name === name))),
    },
  })),
  {
    files: ['{src,fixtures,drills}/**/*.{ts,mjs}'],
    // A test may look at the whole house.
    ignores: ['**/*.test.ts'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': Object.entries(HOUSE).map(([type, { at }]) => ({
        type,
        pattern: at,
      })),
      'import/resolver': { node: { extensions: ['.ts', '.mjs', '.js'] } },
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [{ allow: { to: { module: { origin: ['external', 'core'] } } } }, ...importRules],
        },
      ],
    },
  },
);
