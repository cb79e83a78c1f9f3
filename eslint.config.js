// Lint rules: typescript-eslint strict, the table of which folder may import which, and who may use which library.
import boundaries from 'eslint-plugin-boundaries';
import tseslint from 'typescript-eslint';

/** Every folder below the entry files. */
const ROOMS = [
  'support',
  'lab',
  'swarm',
  'model',
  'vault',
  'swarmBackup',
  'method',
  'disaster',
  'recovery',
  'check',
  'drill',
  'report',
  'evidence',
  'notify',
  'history',
  'verify',
  'export',
];

/**
 * Each folder, where it is, and what it may import in addition to itself. `types` may be imported as types only.
 * The last two match what no folder above does: the entry files in `src/`.
 */
const LAYERS = {
  support: { at: 'src/support', may: [] },
  lab: { at: 'src/lab', may: ['support'] },
  swarm: { at: 'src/swarm', may: ['support', 'lab'] },
  model: { at: 'src/model', may: [], types: ['support', 'lab', 'swarm'] },
  vault: { at: 'src/vault', may: ['support', 'lab', 'swarm', 'model'] },
  swarmBackup: { at: 'src/swarm-backup', may: ['support', 'lab', 'swarm', 'model'] },
  method: { at: 'src/method', may: ['support', 'lab', 'swarm', 'model', 'vault', 'swarmBackup'] },
  disaster: { at: 'src/disaster', may: ['support', 'lab', 'swarm', 'model', 'vault'] },
  recovery: { at: 'src/recovery', may: ['support', 'lab', 'swarm', 'model', 'vault'] },
  check: { at: 'src/check', may: ['support', 'lab', 'swarm', 'model', 'vault'] },
  drill: {
    at: 'src/drill',
    may: ['support', 'model'],
    types: ['lab', 'swarm', 'vault', 'method', 'disaster', 'recovery', 'check'],
  },
  report: { at: 'src/report', may: ['support', 'model', 'drill'] },
  notify: { at: 'src/notify', may: ['support', 'model', 'drill', 'report'] },
  history: { at: 'src/history', may: ['support', 'model', 'drill', 'report', 'evidence'] },
  evidence: { at: 'src/evidence', may: ['support', 'model', 'drill', 'report'] },
  verify: { at: 'src/verify', may: ['support', 'drill', 'report'] },
  export: { at: 'src/export', may: ['support', 'model', 'drill', 'report', 'evidence', 'history'] },
  cli: { at: 'src/cli', may: [...ROOMS, 'entry'] },
  // Both import the package by its name, `swarm-drill` and `swarm-drill/workload`, as another project would.
  fixtures: { at: 'fixtures', may: [] },
  drills: { at: 'drills', may: ['fixtures'] },
  entry: { at: 'src', may: ROOMS },
};

/** Libraries that only these places may import; other code calls those places. */
const GUARDED_LIBRARIES = {
  testcontainers: ['src/swarm/node/container.ts', 'bench/**'],
  dockerode: ['src/lab/engine/**', 'test/**'],
  execa: ['src/support/command.ts', 'test/**'],
  mustache: ['src/report/html.ts'],
  '@xmldom/xmldom': ['src/report/junit.ts', 'test/**'],
  pg: ['fixtures/ledger/**'],
  'tar-stream': [
    'src/method/**',
    'src/vault/**',
    'src/swarm-backup/**',
    'test/**',
    'src/lab/engine/files.ts',
    'src/lab/image/images.ts',
  ],
  'age-encryption': ['src/method/**', 'src/vault/**', 'src/swarm-backup/**', 'src/check/**', 'test/**'],
  '@noble/ciphers/salsa.js': ['src/swarm-backup/autolock/**', 'test/**'],
  '@bufbuild/protobuf/wire': ['src/swarm-backup/autolock/**', 'test/**'],
  commander: ['src/cli/**'],
  'cli-table3': ['src/cli/**'],
  'log-update': ['src/cli/terminal/**'],
  picocolors: ['src/cli/terminal/palette.ts'],
  nodemailer: ['src/notify/mail.ts'],
  yaml: ['src/support/yaml.ts', 'test/**'],
  canonicalize: ['src/evidence/canonical.ts', 'test/**'],
  '@sigstore/bundle': ['src/evidence/signing/**', 'src/evidence/attest/**', 'test/**'],
  'axe-core': ['test/pages/**'],
  'puppeteer-core': ['test/support/browser.ts', 'test/pages/**'],
  pkijs: ['src/evidence/time-stamp/**', 'src/verify/read/**', 'test/**'],
  asn1js: ['src/evidence/time-stamp/**', 'src/verify/read/**', 'test/**'],
};

const isPart = (type) => ({ element: { type } });
const importRules = Object.entries(LAYERS).flatMap(([from, { may, types = [] }]) => [
  ...[from, ...may].map((to) => ({ from: isPart(from), allow: { to: isPart(to) } })),
  ...types.map((to) => ({
    from: isPart(from),
    allow: { to: isPart(to), dependency: { kind: 'type' } },
  })),
]);

const guardRule = (names) => [
  'error',
  {
    paths: names.map((name) => ({
      name,
      message: `only ${GUARDED_LIBRARIES[name].join(', ')} may import ${name}`,
    })),
  },
];
const guarded = Object.keys(GUARDED_LIBRARIES);
const guardsByPlace = Object.groupBy(
  Object.entries(GUARDED_LIBRARIES).flatMap(([name, places]) => places.map((place) => ({ name, place }))),
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
    rules: { 'no-restricted-imports': guardRule(guarded) },
  },
  ...Object.entries(guardsByPlace).map(([place, here]) => ({
    files: [place],
    rules: {
      'no-restricted-imports': guardRule(
        guarded.filter((name) => !here.some((guard) => guard.name === name)),
      ),
    },
  })),
  {
    files: ['{src,fixtures,drills}/**/*.{ts,mjs}'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': Object.entries(LAYERS).map(([type, { at }]) => ({
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
