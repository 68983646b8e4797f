import type { FuzzedReader } from '../reader.js';
import { circuitReaders } from './circuits.js';
import { modelReaders } from './models.js';
import { storeReaders } from './stores.js';
import { taskReaders } from './tasks.js';
import { viewerReaders } from './viewer.js';

/**
 * Every reader of files from outside. A further one is an entry in a file beside this one.
 *
 * @param root the repository, whose files are the seeds.
 */
export const fuzzedReaders = (root: string): readonly FuzzedReader[] => [
  ...circuitReaders(root),
  ...viewerReaders(root),
  ...modelReaders(root),
  ...taskReaders(root),
  ...storeReaders(),
];
