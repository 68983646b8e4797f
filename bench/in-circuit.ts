import { curveCircuits } from '../src/evaluate/curve.js';
import { Engine } from '../src/run/engine.js';
import { planDiscovery } from '../src/run/methods/index.js';
import { builtinTasks } from '../src/task/builtin/index.js';
import { openFromFolder } from './acdc-workloads.js';
import type { Row } from './row.js';
import type { WatchedGpu } from './watched-gpu.js';

/** As the shipped circuits were found. */
const MODEL = 'tasks-4l';
const PROMPTS = 32;
const THRESHOLD = 0.01;
/** Sizes at which the two rankings are compared. */
const SIZES = [10, 20, 30, 50];

/**
 * What measuring edges in the found circuit costs beside the search that found it, and what it is good for: how
 * faithful the strongest edges are by that measure, and by the effect at the moment of decision.
 */
export async function benchInCircuit(gpu: WatchedGpu, _options: unknown, onRow: (row: Row) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of builtinTasks.keys()) {
    const { model, task } = await openFromFolder(MODEL, name, PROMPTS);
    const { device, adapter, tile } = gpu;
    const engine = await Engine.create({ device, adapter, model, tuning: { tile, fill: 1 } });
    try {
      const plan = planDiscovery(model, task, { metric: 'kl', threshold: THRESHOLD });
      const { chosen } = await plan.run(engine, {});
      const found = chosen[0]!;
      const {
        circuit: measured,
        effectSeconds,
        curveSeconds,
      } = await engine.measureEdges(task, found.circuit, plan.caches);
      const { kept, directTested, effects: atDecision } = found.circuit;
      const search = await engine.search(task, plan.caches);
      const faithful = new Map<string, number>();
      try {
        for (const [by, effects] of [
          ['in circuit', measured.inCircuit!.effects],
          ['at decision', atDecision],
        ] as const) {
          const circuits = curveCircuits({ kept, directTested, effects });
          for (const size of SIZES) {
            const circuit = circuits.findLast(({ edges }) => edges <= size);
            if (!circuit || circuits.at(-1)!.edges < size) continue;
            faithful.set(`${size} edges, ${by}`, (await search.faithfulness(circuit.kept))!);
          }
        }
      } finally {
        search.dispose();
      }
      const row: Row = {
        name,
        kept: found.kept,
        'search, s': found.seconds,
        'effects / search': effectSeconds / found.seconds,
        'curve / search': curveSeconds / found.seconds,
        ...Object.fromEntries(
          SIZES.flatMap((size) =>
            ['in circuit', 'at decision'].flatMap((by) => {
              const value = faithful.get(`${size} edges, ${by}`);
              return value === undefined ? [] : [[`${size} edges, ${by}`, value] as const];
            }),
          ),
        ),
      };
      onRow(row);
      rows.push(row);
    } finally {
      engine.dispose();
    }
  }
  return rows;
}
