import { precisionOf, rocPoint } from '../../src/evaluate/roc.js';
import { Engine } from '../../src/run/engine.js';
import { takePrompts } from '../../src/task/take-prompts.js';
import { construct } from '../../src/truth/construct.js';
import { RECIPES } from '../../src/truth/recipes/index.js';
import type { Row } from '../row.js';
import type { WatchedGpu } from '../watched-gpu.js';
import { additionEdges, METHODS, type Found, type Subject } from './methods.js';

const PROMPTS = 16;

/**
 * How well each method finds the circuits of the models whose circuits are known. Prints a row for each method as
 * markdown: precision, recall and ROC area on each model.
 */
export async function benchTruth(gpu: WatchedGpu, _options: unknown, onRow: (row: Row) => void): Promise<Row[]> {
  const rows: Row[] = [];
  const lines = new Map([...METHODS.keys()].map((method) => [method, [`\`${method}\``]]));
  for (const { name } of RECIPES) {
    const start = performance.now();
    const { recipe, model, task, truth: circuit } = await construct(name);
    console.log(`${name}: built in ${((performance.now() - start) / 1000).toFixed(2)} s`);
    const { device, adapter, tile } = gpu;
    const engine = await Engine.create({ device, adapter, model, tuning: { tile, fill: 1 } });
    try {
      const subject: Subject = {
        engine,
        recipe,
        task: takePrompts(task, PROMPTS),
        circuit,
        truth: { edges: engine.topology.additionEdges, isTrue: new Set(additionEdges(circuit)) },
      };
      for (const [method, run] of METHODS) {
        const found = await run(subject);
        const row = rowOf(`${name}: ${method}`, found, subject);
        onRow(row);
        rows.push(row);
        lines.get(method)!.push(cell(row));
      }
    } finally {
      engine.dispose();
    }
  }
  const header = ['method', ...RECIPES.map(({ name }) => name)];
  const table = [header, header.map(() => '---'), ...lines.values()];
  console.log(`\n${table.map((line) => `| ${line.join(' | ')} |`).join('\n')}`);
  return rows;
}

function rowOf(name: string, { edges, area, pessimisticArea }: Found, { truth }: Subject): Row {
  return {
    name,
    'true edges': truth.isTrue.size,
    'edges found': edges.length,
    precision: precisionOf(edges, truth) ?? 'nothing found',
    recall: rocPoint(edges, truth).truePositiveRate,
    'ROC area': area,
    'ROC area, pessimistic': pessimisticArea,
  };
}

/** `0.80 / 0.57 / 0.781 (0.620)`: precision, recall, area, and the pessimistic area where it is another. */
function cell(row: Row): string {
  const shown = (figure: string, digits: number): string => {
    const value = row[figure]!;
    return typeof value === 'number' ? value.toFixed(digits) : '-';
  };
  const [area, pessimistic] = [shown('ROC area', 3), shown('ROC area, pessimistic', 3)];
  const both = area === pessimistic ? area : `${area} (${pessimistic})`;
  return `${shown('precision', 2)} / ${shown('recall', 2)} / ${both}`;
}
