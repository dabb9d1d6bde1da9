/** Tests run as native ES modules; types are checked beside them by `npm run typecheck`. */
export default {
  rootDir: '..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFiles: ['<rootDir>/test/_properties.ts', '<rootDir>/test/_state-folder.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      },
    ],
  },
  reporters: [
    'default',
    '<rootDir>/test/_report-skips.mjs',
    '<rootDir>/test/_report-events.mjs',
    '<rootDir>/test/_report-times.mjs',
  ],
  // Jest's own choice leaves a core idle, which on a machine of two is half of it.
  maxWorkers: '100%',
  testTimeout: 120_000,
}
