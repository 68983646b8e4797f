// Bundles the command line: what tsc made of it is some five hundred modules, which take Node a second to find and
// read at every start. Packages stay outside. `dist/cli/main.js` is the same program in its modules.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

export default defineConfig({
  root: path(''),
  publicDir: false,
  logLevel: 'warn',
  build: {
    ssr: true,
    target: 'node20',
    outDir: path('dist/bin'),
    minify: false,
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        edgewise: path('dist/cli/main.js'),
        program: path('dist/cli/program.js'),
        'reading-worker': path('dist/node/reading/reading-worker.js'),
      },
      // All in one folder, so that modules find files of the package at the same place from each.
      output: { chunkFileNames: '[name]-[hash].js' },
    },
  },
});
