import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/**
 * Builds a page as one file that needs no other, and is served and copied as it is: the viewer, or the report of a
 * circuit with `--mode report`.
 */
export default defineConfig(({ mode }) => ({
  root: path(mode === 'report' ? './report' : '.'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  build: {
    outDir: path(mode === 'report' ? '../dist/viewer/report' : '../dist/viewer'),
    // The viewer is built first, and its folder holds the other page's.
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    sourcemap: false,
    reportCompressedSize: false,
  },
}));
