// Runs the benches: npm run bench [-- kernels passes viewer acdc]. The TypeScript files are bundled first, because Node
// 20 runs none.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}node_modules/.edgewise-bench`;
await build({
  root,
  configFile: false,
  logLevel: 'error',
  build: {
    ssr: 'bench/main.ts',
    outDir: folder,
    emptyOutDir: true,
    rollupOptions: { output: { entryFileNames: 'main.mjs' } },
  },
});
const { main } = await import(pathToFileURL(`${folder}/main.mjs`).href);
await main(process.argv.slice(2));
