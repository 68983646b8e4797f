import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const WORKERS = 2;

export default defineConfig({
  test: {
    setupFiles: ['test/support/property-seed.ts'],
    // Processes, because Dawn's native module does not survive in worker threads; few, because each holds a device.
    pool: 'forks',
    maxWorkers: WORKERS,
    // Where the workers take every core, Mesa's software adapter computes faster on one thread for each of them.
    env: availableParallelism() > WORKERS ? {} : { LP_NUM_THREADS: '1' },
    // A software adapter compiles and runs kernels at a small fraction of a graphics card's speed.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    // A page is drawn by the same two cores that the other tests compute on.
    expect: { poll: { timeout: 30_000 } },
    // Run in the order of these names: the short files come last, so that both workers end together.
    projects: [
      {
        extends: true,
        test: { name: 'device', include: ['test/{gpu,e2e,browser}/**/*.test.ts'] },
      },
      {
        extends: true,
        // Modules without state are loaded once for all files of a process.
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false },
      },
    ],
  },
});
