import tseslint from 'typescript-eslint'

/** Every way to read the real clock. */
const REAL_CLOCK = [
  'MemberExpression[object.name="Date"][property.name="now"]',
  'VariableDeclarator[init.name="Date"]',
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'CallExpression[callee.name="Date"]',
].map((selector) => ({ selector, message: 'take `now` as an argument' }))

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'src/dicom/dictionary/table.ts'] },
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['../tsconfig.json', './tsconfig.web.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-len': [
        'error',
        {
          code: 400,
          comments: 100,
          ignoreUrls: true,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
        },
      ],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: {
      'no-template-curly-in-string': 'error',
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Rooms take `now` as an argument, so that tests can set the time. `performance.now` and timers
    // measure durations and are free.
    files: ['src/**/*.ts'],
    ignores: [
      'src/running/**',
      'src/cli/**',
      'src/web/**',
      'src/gateway/**',
      'src/gateway.ts',
      'src/witness.ts',
    ],
    rules: {
      'no-restricted-syntax': ['error', ...REAL_CLOCK],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      'max-lines': 'off',
      'no-console': 'off',
    },
  },
)
