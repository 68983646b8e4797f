import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Builds the viewer as one file that needs no other. It is served and copied as it is. */
export default defineConfig({
  root: path('.'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  build: {
    outDir: path('../dist/viewer'),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    sourcemap: false,
    reportCompressedSize: false,
  },
});
