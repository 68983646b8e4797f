// Reads changed files with every reader: npm run fuzz [-- --seconds 300 --seed N --reader NAME]. The TypeScript files
// are bundled first, because Node 20 runs none.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}node_modules/.edgewise-fuzz`;
await build({
  root,
  configFile: false,
  logLevel: 'error',
  build: {
    ssr: 'test/fuzz/main.ts',
    outDir: folder,
    emptyOutDir: true,
    rollupOptions: { output: { entryFileNames: 'main.mjs' } },
  },
});
const { main } = await import(pathToFileURL(`${folder}/main.mjs`).href);
process.exitCode = await main(root, process.argv.slice(2));
