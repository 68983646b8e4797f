import { Command } from 'commander';
import { openModel } from '../../model/load-model.js';
import { topologyOf } from '../../run/identity.js';
import { openModelDirectory } from '../../node/model-directory.js';
import { resolveModel, shippedModels } from '../../node/model-location.js';
import { jsonOption } from '../options/options.js';
import { table } from '../report/text-report.js';

export function modelsCommand(): Command {
  return new Command('models')
    .description('List the models that ship with Edgewise. Any GPT-2 directory or hub id works as well.')
    .addOption(jsonOption().default(false))
    .action(models);
}

async function models(options: { readonly json: boolean }): Promise<void> {
  const list = [];
  for (const name of await shippedModels()) {
    const model = await openModel(await openModelDirectory((await resolveModel(name)).directory));
    const { family, layers, heads, width, vocab } = model.spec;
    list.push({ name, family, layers, heads, width, vocab, edges: topologyOf(model).additionEdges });
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify(list)}\n`);
    return;
  }
  const rows = list.map((m) => [
    m.name,
    m.family,
    `${m.layers} layers`,
    `${m.heads} heads`,
    `width ${m.width}`,
    `${m.vocab} tokens`,
    `${m.edges.toLocaleString('en-US')} edges`,
  ]);
  process.stdout.write(rows.length === 0 ? 'no model ships with this copy\n' : `${table(rows, [6]).join('\n')}\n`);
}
