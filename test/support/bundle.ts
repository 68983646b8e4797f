import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles a TypeScript file as a program for Node, packages left out, and gives the path of the result. */
export async function bundleForNode(entry: string, folder: string): Promise<string> {
  await build({
    configFile: false,
    root: REPOSITORY,
    logLevel: 'error',
    build: {
      ssr: entry,
      outDir: folder,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: 'program.mjs' } },
    },
  });
  return `${folder}/program.mjs`;
}

/**
 * Bundles a TypeScript file as one module for a browser.
 *
 * @throws Error that names every Node module which the file reaches.
 */
export async function bundleForBrowser(entry: string): Promise<string> {
  const nodeModules = new Set<string>();
  const result = await build({
    configFile: false,
    root: REPOSITORY,
    logLevel: 'error',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    plugins: [
      {
        name: 'refuse-node-modules',
        enforce: 'pre',
        async resolveId(id, importer) {
          if (!id.startsWith('node:') && !builtinModules.includes(id)) return null;
          // A package may have the name of a Node module: graphology depends on the package `events`.
          const resolved = id.startsWith('node:') ? null : await this.resolve(id, importer, { skipSelf: true });
          if (!resolved?.id.includes('/node_modules/')) nodeModules.add(`${id} (from ${importer})`);
          return resolved;
        },
      },
    ],
    build: {
      write: false,
      target: 'es2023',
      minify: false,
      modulePreload: false,
      lib: { entry, formats: ['es'], fileName: 'page' },
    },
  });
  if (nodeModules.size > 0) throw new Error(`${entry} needs Node: ${[...nodeModules].join(', ')}`);
  const [bundle] = Array.isArray(result) ? result : [result];
  if (!bundle || !('output' in bundle)) throw new Error(`${entry} gave no bundle`);
  const chunks = bundle.output.flatMap((part) => (part.type === 'chunk' ? [part] : []));
  const [chunk] = chunks;
  if (!chunk || chunks.length > 1) throw new Error(`${entry} gave ${chunks.length} modules instead of one`);
  return chunk.code;
}
