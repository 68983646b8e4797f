// Records what runs report of how far they are into test/golden/progress, for the tests of the time left. Clock: the
// processor's time, so that other load on the machine does not show. Minutes. node scripts/record-progress.mjs [name
// ...]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { open } from '../dist/node/index.js';

/** Milliseconds between two reports that are kept. */
const APART = 200;

/** @type {Record<string, { task: string, count: number, options: import('../dist/index.js').AskedDiscovery }>} */
const RUNS = {
  'agreement-0.005': { task: 'agreement', count: 100, options: { threshold: 0.005 } },
  'docstring-0.01': { task: 'docstring', count: 40, options: { threshold: 0.01, directEdges: false } },
  'gendered-pronoun-0.01': { task: 'gendered-pronoun', count: 150, options: { threshold: 0.01 } },
  'greater-than-0.002': { task: 'greater-than', count: 60, options: { threshold: 0.002 } },
  'greater-than-0.01': { task: 'greater-than', count: 150, options: { threshold: 0.01 } },
  'ioi-0.0005': { task: 'ioi', count: 30, options: { threshold: 0.0005 } },
  'ioi-0.0005-long': { task: 'ioi', count: 90, options: { threshold: 0.0005 } },
  'ioi-0.05': { task: 'ioi', count: 60, options: { threshold: 0.05 } },
};

const { positionals } = parseArgs({ allowPositionals: true });
const edgewise = await open('tasks-4l');
for (const name of positionals.length > 0 ? positionals : Object.keys(RUNS)) {
  const run = RUNS[name];
  if (!run) throw new Error(`no run ${name}, expected ${Object.keys(RUNS).join(', ')}`);
  const { task: taskName, count, options } = run;
  const task = await edgewise.task(taskName, { prompts: count });
  const start = process.cpuUsage();
  /** @type {unknown[][]} */
  const reports = [];
  await edgewise.discover(task, options, {
    progress: ({ done, total, measured, work }) => {
      const { user, system } = process.cpuUsage(start);
      const at = Math.round((user + system) / 1000);
      if (at - Number(reports.at(-1)?.[0] ?? 0) < APART && done < total) return;
      const left = work?.left();
      reports.push([
        at,
        done,
        total,
        measured,
        ...(work ? [round(work.done), left === undefined ? null : round(left)] : []),
      ]);
    },
  });
  const text = `tasks-4l, ${taskName}, ${count} prompts, ${JSON.stringify(options)}`;
  const rows = reports.map((row) => ` ${JSON.stringify(row).replaceAll(',', ', ')}`).join(',\n');
  writeFileSync(
    new URL(`../test/golden/progress/${name}.json`, import.meta.url),
    `{"run": ${JSON.stringify(text)}, "reports": [\n${rows}\n]}\n`,
  );
  console.log(`${name}: ${reports.length} reports, ${Number(reports.at(-1)?.[0]) / 1000} s`);
}
await edgewise.close();

/** @param {number} work F32 operations; millions of them are enough. */
function round(work) {
  return Math.round(work / 1e5) / 10;
}
