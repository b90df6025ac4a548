import importX from 'eslint-plugin-import-x'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import tseslint from 'typescript-eslint'

// What a pure core may not name: clocks, randomness, processes, timers, the network, the console.
const impureGlobals = [
  'process',
  'console',
  'Buffer',
  'globalThis',
  'global',
  'performance',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'require',
  'Date',
]

const pureCore = {
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          group: ['node:*', 'fs', 'path', 'os', 'crypto', 'child_process', 'worker_threads'],
          message: 'The core is pure: no I/O. Ask the shell with a Command.',
        },
        {
          group: [
            '@tensorflow/*',
            'pacote',
            'commander',
            'tar',
            'fflate',
            'npyjs',
            'env-paths',
            'cli-table3',
          ],
          message: 'The core knows no tensors, files or terminals.',
        },
        { group: ['**/shell/**'], message: 'The core never imports the shell.' },
      ],
    },
  ],
  'no-restricted-globals': [
    'error',
    ...impureGlobals.map(name => ({
      name,
      message: 'The core is pure and deterministic; the shell passes what it needs.',
    })),
  ],
  'no-restricted-properties': [
    'error',
    {
      object: 'Math',
      property: 'random',
      message: 'Randomness is state: use numeric/Rng.',
    },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: 'ThrowStatement', message: 'The core is total: return an Either.' },
    { selector: 'AwaitExpression', message: 'The core is synchronous.' },
  ],
}

export default tseslint.config(
  // What is in assembly is AssemblyScript, which looks like TypeScript but has other types and operators.
  { ignores: ['dist', 'coverage', 'runs', 'node_modules', 'src/shell/backend/kernels/assembly'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-self-import': 'error',
      'import-x/no-extraneous-dependencies': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Index loops over typed arrays read better with `!` than with a branch that cannot be taken.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'no-param-reassign': 'error',
    },
  },
  { files: ['src/core/**/*.ts'], rules: pureCore },
  {
    // The laws are the one part of the core that knows fast-check, and their assertions the one thing that throws.
    files: ['src/core/**/*.ts'],
    ignores: ['src/core/laws/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...pureCore['no-restricted-imports'][1].patterns,
            { group: ['fast-check', '**/laws/**'], message: 'Only src/core/laws may use fast-check.' },
          ],
        },
      ],
    },
  },
  { files: ['src/core/laws/assert.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
)
