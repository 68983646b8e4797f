import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,gpu,e2e,browser}/**/*.test.ts'],
    setupFiles: ['test/support/property-seed.ts'],
    // Processes, because Dawn's native module does not survive in worker threads; few, because each holds a device.
    pool: 'forks',
    maxWorkers: 2,
    // A software adapter compiles and runs kernels at a small fraction of a graphics card's speed.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    // A page is drawn by the same two cores that the other tests compute on.
    expect: { poll: { timeout: 15_000 } },
  },
});
