import { parseArgs } from 'node:util';
import { Gpu } from '../src/gpu/gpu.js';
import { openDevice } from '../src/node/device.js';
import { perLayer } from './layer-progress.js';
import { plantedModel, plantedTask } from './planted/planted-model.js';
import { PLANTED_SEED, PROMPT_SEED, PROMPTS } from './planted/searches.js';
import { PLANTED_SHAPES } from './planted/shapes.js';
import { writeModelFolder } from './planted/write-folder.js';
import { openSearch, type SearchOptions } from './search-run.js';

const USAGE = `npm run bench -- planted [--shape small|gpt2-small] [--metric logit-diff|kl] [--threshold x]
    [--until layer] [--seed n] [--write folder]

Searches a generated model with a planted circuit, and prints the edges kept and tested per layer. It serves to choose
the thresholds in bench/planted/searches.ts. --until ends after a layer; the search begins with the last one. --write writes
the model as a Hugging Face folder and the prompts as JSON lines, and searches nothing.`;

/** Ends a search from within its progress. */
class Reached extends Error {}

export async function plantedSearch(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shape: { type: 'string', default: 'small' },
      metric: { type: 'string', default: 'logit-diff' },
      threshold: { type: 'string', default: '0.2' },
      until: { type: 'string', default: '0' },
      seed: { type: 'string', default: String(PLANTED_SEED) },
      write: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { shape: shapeName, metric } = values;
  const threshold = Number(values.threshold);
  const known = shapeName === 'small' || shapeName === 'gpt2-small';
  if (values.help || !known || (metric !== 'logit-diff' && metric !== 'kl') || !Number.isFinite(threshold)) {
    console.log(USAGE);
    return;
  }
  const planted = await plantedModel(PLANTED_SHAPES[shapeName], Number(values.seed));
  const task = await plantedTask(planted, PROMPTS, PROMPT_SEED);
  if (values.write !== undefined) {
    await writeModelFolder(values.write, planted.model, task);
    return;
  }
  const open = await openDevice();
  const options: SearchOptions = {
    metric,
    threshold,
    ablation: 'resample',
    input: 'token',
    absolute: false,
    senderHeads: 'descending',
    directEdges: false,
  };
  try {
    const run = await openSearch(new Gpu(open.device, open.adapter, { wait: open.wait }), planted.model, task, options);
    try {
      const start = performance.now();
      const report = perLayer(run.topology, options, ({ layer, tested, kept, testedInAll, keptInAll }) => {
        const seconds = ((performance.now() - start) / 1000).toFixed(1);
        console.log(`layer ${layer}: kept ${kept} of ${tested}, in all ${keptInAll} of ${testedInAll}, ${seconds} s`);
        if (layer > 0 && layer === Number(values.until)) throw new Reached();
      });
      const { kept, steps, initial, final } = await run.search(report);
      const found = steps.filter((step) => step.kept).map(({ edge }) => edge);
      const hits = found.filter((edge) => planted.edges.includes(edge)).length;
      const among = `${hits} of the ${planted.edges.length} planted ones`;
      console.log(
        `${metric} ${threshold}: kept ${found.length} edges, ${among}; ${steps.length} tests; ` +
          `metric ${initial.toFixed(4)} of the model, ${final.toFixed(4)} of the circuit ` +
          `(${kept.size} edges with direct ones)`,
      );
    } catch (error) {
      if (!(error instanceof Reached)) throw error;
    } finally {
      run.dispose();
    }
  } finally {
    await open.close();
  }
}
