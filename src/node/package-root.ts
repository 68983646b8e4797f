import { fileURLToPath } from 'node:url';

/** The folder that holds package.json: two levels up from src/node, dist/node and the bundled program in dist/bin. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));
