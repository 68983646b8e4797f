import type { Discovery } from '../../src/run/discovery.js';
import type { Engine } from '../../src/run/engine.js';
import type { Caches, SearchOptions } from '../../src/run/options.js';
import type { Search } from '../../src/run/search.js';
import type { Task } from '../../src/task/types.js';

/** One search over caches of its own. */
export async function searchOnce(
  engine: Engine,
  task: Task,
  options: Caches & SearchOptions,
  aids?: Parameters<Search['at']>[1],
): Promise<Discovery> {
  const search = await engine.search(task, options);
  try {
    return await search.at(options, aids);
  } finally {
    search.dispose();
  }
}
