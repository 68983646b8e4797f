/** An engine whose memory was given back says so, whatever is asked of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EdgewiseError } from '../../src/base/errors.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { open } from '../../src/node/open.js';
import type { Discovery } from '../../src/run/discovery.js';
import type { Edgewise } from '../../src/run/edgewise.js';
import type { Search } from '../../src/run/search.js';
import type { Task } from '../../src/task/types.js';

const CACHES = { metric: 'kl', ablation: 'resample', input: 'token', directEdges: false } as const;
const SEARCH = { threshold: 0.5, absolute: false, senderHeads: 'descending' } as const;
let edgewise: Edgewise;
let task: Task;
let found: Discovery;
let search: Search;

beforeAll(async () => {
  edgewise = await open('tasks-4l');
  task = await edgewise.task('ioi', { prompts: 2 });
  found = await edgewise.discover(task, { threshold: 2 });
  search = await edgewise.engine.search(task, CACHES);
});
afterAll(() => edgewise.close());

async function refused(call: () => unknown, message: string): Promise<void> {
  const error: unknown = await (async () => call())().catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'EdgewiseError', kind: 'usage', message } satisfies Partial<EdgewiseError>);
}

test('a search, an engine and an Edgewise, in every method', async () => {
  const { engine } = edgewise;
  const ofSearch = [
    () => search.at(SEARCH),
    () => search.exact(),
    () => search.screen(found.scores!, { cutoff: 1, retest: 1 }),
  ];
  search.dispose();
  search.dispose();
  for (const call of ofSearch) await refused(call, 'Search: was disposed of; prepare another one');
  // The engine works on without that search.
  search = await engine.search(task, CACHES);
  expect((await search.at(SEARCH)).kept).toBeGreaterThan(0);

  const kept = EdgeSet.full(engine.topology);
  await edgewise.close();
  await edgewise.close();
  engine.dispose();
  const disposed = 'Engine: was disposed of; create another one';
  for (const call of [
    ...ofSearch,
    () => engine.search(task, CACHES),
    () => engine.attribute(task, { ...CACHES, method: 'eap' }),
    () => engine.assertFits(task, CACHES),
    () => engine.behaviour(task),
    () => engine.evaluate(task, kept, CACHES),
    () => engine.inspect(task, found, CACHES),
  ]) {
    await refused(call, disposed);
  }
  for (const call of [
    () => edgewise.task('ioi'),
    () => edgewise.discover(task),
    () => edgewise.attribute(task),
    () => edgewise.evaluate(task, kept),
    () => edgewise.inspect(task, found),
  ]) {
    await refused(call, 'Edgewise: was closed; open the model again');
  }
});

test('what works at the moment ends with the same words', async () => {
  const other = await open('tasks-4l');
  const prompts = await other.task('ioi', { prompts: 2 });
  let ended: Promise<void> | undefined;
  const progress = (): void => void (ended ??= other.close());
  await refused(
    () => other.discover(prompts, { threshold: 0.01 }, { progress }),
    'Edgewise: was closed; open the model again',
  );
  await ended;
});
