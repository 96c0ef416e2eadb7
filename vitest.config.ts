import { defineConfig } from 'vitest/config'

// Rings (style.md §10) are projects, so that each can be run alone: vitest run --project unit
export default defineConfig({
  test: {
    // A shared two-core machine: a limit that only a hang can reach.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 20_000,
    maxWorkers: 2,
    // PostgreSQL starts for the rings that ask for it.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          setupFiles: ['test/setup/property-seed.ts'],
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/docs/**/*.test.ts'],
          exclude: ['src/server/storage/**', 'src/server/operations/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'store',
          globalSetup: ['test/postgres/global-setup.ts'],
          setupFiles: ['test/setup/property-seed.ts'],
          include: ['src/server/storage/**/*.test.ts'],
        },
      },
      { extends: true, test: { name: 'operation', include: ['src/server/operations/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'conformance', include: ['test/conformance/**/*.test.ts', 'test/parity/**/*.test.ts'] },
      },
      { extends: true, test: { name: 'authorization', include: ['test/authorization/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'e2e',
          globalSetup: ['test/postgres/global-setup.ts'],
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'load',
          globalSetup: ['test/postgres/global-setup.ts'],
          include: ['test/load/**/*.test.ts'],
          fileParallelism: false,
        },
      },
    ],
  },
})
