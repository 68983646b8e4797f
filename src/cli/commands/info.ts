import { Command } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import type { WeightStorage } from '../../base/stored-values.js';
import { counted, oneLine } from '../../base/text.js';
import type { Ablation, KvPorts } from '../../circuit/run-identity.js';
import { planFor, topologyOf } from '../../run/identity.js';
import { Gpu } from '../../gpu/gpu.js';
import { layoutOf } from '../../model/layout.js';
import type { ModelSpec } from '../../model/spec.js';
import { deviceBytes } from '../../model/weight-storage.js';
import { weightTable } from '../../model/weight-table.js';
import { listAdapters } from '../../node/adapters.js';
import { diagnoseCard, type CardDiagnosis } from '../../node/card/diagnosis.js';
import { thisMachine } from '../../node/card/machine.js';
import { openDevice } from '../../node/device.js';
import { tuningOf } from '../../node/open.js';
import { DEFAULTS } from '../../run/options.js';
import { attributionPlan } from '../../attribute/attribution.js';
import { settleOptions } from '../../attribute/options.js';
import type { AttributionPlan } from '../../attribute/attribution-plan.js';
import { DEFAULT_BUDGET, type RunPlan } from '../../evaluate/memory-plan.js';
import {
  ablationOptions,
  adapterOption,
  batchOption,
  ignoreConfigOption,
  jsonOption,
  kvPortsOption,
  memoryOption,
  modelOption,
  promptOptions,
  taskOption,
  tileOption,
  weightsOption,
  type ModelFlags,
  type TaskFlags,
} from '../options/options.js';
import { namedTaskReader, openModelArgument, readMeanOver, readPrompts } from '../session.js';
import { adaptersJson, adaptersText } from '../report/adapters-report.js';
import { cardLines } from '../report/card-report.js';
import { firstPrompt } from '../report/prompt-line.js';
import { describeTokenizer, type TokenizerReport } from '../report/tokenizer-report.js';
import { byteSize, table, whole } from '../report/text-report.js';

interface Flags extends Partial<ModelFlags>, Partial<TaskFlags> {
  readonly directEdges: boolean;
  readonly ablation?: Ablation;
  readonly meanOver?: string;
  readonly batch?: number;
  readonly adapters: boolean;
  readonly json: boolean;
}

export function infoCommand(): Command {
  const command = new Command('info')
    .description('Show the adapter with its limits, a model with its edges, and the memory that a run would take.')
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(kvPortsOption())
    .addOption(taskOption());
  for (const option of promptOptions()) command.addOption(option);
  for (const option of ablationOptions()) command.addOption(option);
  return command
    .option('--direct-edges', "plan for a run that also tests each head's own query, key and value", false)
    .addOption(batchOption())
    .addOption(adapterOption())
    .option('--adapters', 'list all adapters instead', false)
    .addOption(tileOption())
    .addOption(weightsOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .action(info);
}

const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

interface ModelReport extends Omit<ModelSpec, 'attention'>, TokenizerReport {
  readonly name: string;
  readonly parameters: number;
  /** Of the weights on the device, without padding: all, and by how they are stored. */
  readonly weight_bytes: number;
  readonly weight_bytes_by_storage: Readonly<Partial<Record<WeightStorage, number>>>;
  readonly edges: number;
  readonly edges_with_direct: number;
  /** Which key and value ports the edges enter. */
  readonly kv_ports: KvPorts;
  /** Keys of the config that the user ignored. */
  readonly ignored_config?: readonly string[];
}

interface Report {
  adapter: string;
  tile: string;
  /** Number of circuits that fill the adapter, see Tuning.fill. */
  fill: number;
  limits: Record<(typeof LIMITS)[number], number>;
  features: string[];
  /** Where the adapter is in software, although there is a card. */
  card?: CardDiagnosis;
  model?: ModelReport;
  /** The first prompt of the task, token by token. */
  prompt?: string;
  /** Of a search. */
  plan?: RunPlan;
  /** Of scores by gradients. */
  gradient_plan?: AttributionPlan;
  gradient_refusal?: string;
}

async function info(options: Flags): Promise<void> {
  if (options.adapters) {
    const listed = await listAdapters();
    process.stdout.write(options.json ? adaptersJson(listed) : adaptersText(listed));
    return;
  }
  if (options.task !== undefined && options.model === undefined) {
    throw new EdgewiseError('usage', '--task', 'needs --model, whose tokenizer and sizes the plan depends on');
  }
  if (options.kvPorts !== undefined && options.model === undefined) {
    throw new EdgewiseError('usage', '--kv-ports', 'needs --model, whose ports they are');
  }
  const opened = options.model === undefined ? undefined : await openModelArgument(options);
  const bos = options.bos ?? DEFAULTS.bos;
  const reader = opened && options.task !== undefined ? await namedTaskReader(opened, bos) : undefined;
  const task = reader && (await readPrompts(reader, { ...options, task: options.task! }));
  const open = await openDevice(options.adapter === undefined ? {} : { adapter: options.adapter });
  try {
    const { limits, features } = open.device;
    const { tile, fill } = await tuningOf(open, options.tile);
    const gpu = new Gpu(open.device, open.adapter, { tile });
    const report: Report = {
      adapter: open.adapter,
      tile,
      fill,
      limits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])) as Report['limits'],
      features: [...features].sort(),
    };
    const card = open.software ? diagnoseCard(thisMachine()) : undefined;
    if (card) report.card = card;
    if (opened) {
      const { model } = opened;
      const { attention: _, ...spec } = model.spec;
      const topology = topologyOf(model);
      const parameters = [...weightTable(model.spec).values()].reduce(
        (sum, shape) => sum + shape.reduce((product, n) => product * n, 1),
        0,
      );
      const bytes = deviceBytes(model.spec, model.weights);
      report.model = {
        name: model.name,
        ...spec,
        parameters,
        weight_bytes: [...bytes.values()].reduce((sum, own) => sum + own, 0),
        weight_bytes_by_storage: Object.fromEntries(bytes),
        edges: topology.additionEdges,
        edges_with_direct: topology.edgeCount,
        kv_ports: model.kvPorts ?? 'per-head',
        ...(model.ignored && { ignored_config: model.ignored }),
        ...(await describeTokenizer(opened, bos)),
      };
      if (task) {
        report.prompt = firstPrompt(task);
        const budget = options.memory === undefined ? DEFAULT_BUDGET : options.memory * 1e9;
        const { ablation = 'resample' } = options;
        const meanOver = await readMeanOver(reader!, options.meanOver, ablation, options);
        const meanPairs = typeof meanOver === 'string' ? task.pairs : meanOver.pairs;
        // As many circuits at once as a search evaluates here unless --batch says otherwise.
        const circuits = options.batch ?? fill;
        const { maxBinding, maxWorkgroups } = gpu;
        report.plan = planFor(model, topology, task.pairs, options.directEdges, gpu, {
          budget,
          circuits,
          ablation,
          meanPairs,
        });
        // The other methods take as much, but for what one or two keep beside it. A difference of logits takes less.
        const asked = { method: 'eap', metric: 'nll', ablation, input: 'token' } as const;
        const settled = settleOptions(asked, model.spec.layers);
        const limits = { maxBinding, maxWorkgroups, budget };
        try {
          report.gradient_plan = attributionPlan(
            topology,
            layoutOf(model.spec),
            task.pairs,
            settled,
            meanPairs,
            1,
            limits,
          );
        } catch (error) {
          if (!(error instanceof EdgewiseError)) throw error;
          report.gradient_refusal = error.message;
        }
      }
    }
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : textReport(report));
  } finally {
    await open.close();
  }
}

function textReport(report: Report): string {
  const lines = [`adapter  ${report.adapter}`];
  lines.push(
    ...table(
      LIMITS.map((name) => [`  ${name}`, whole(report.limits[name])]),
      [1],
    ),
  );
  lines.push(
    `  tile of the matrix product: ${report.tile}; ${counted(report.fill, 'circuit fills', 'circuits fill')} the adapter`,
  );
  lines.push(`  features: ${report.features.join(', ') || 'none'}`);
  if (report.card) lines.push(...cardLines(report.card));
  if (report.model) lines.push(`model  ${report.model.name}`, ...table(modelRows(report.model)));
  if (report.prompt !== undefined) lines.push(`prompt 1  ${report.prompt}`);
  if (report.plan) {
    const { shape, microBatches, tensors, bytes } = report.plan;
    const batches = counted(microBatches, 'micro-batch', 'micro-batches');
    lines.push(
      `memory plan: ${batches} of ${counted(shape.prompts, 'prompt')}, each of up to ${counted(shape.sequence, 'token')}` +
        (shape.circuits > 1 ? `; ${shape.circuits} circuits at once` : ''),
      ...table(
        tensors
          .filter((tensor) => !tensor.shape.includes(0))
          .map(({ name, shape: dimensions, bytes: size, count }) => [
            `  ${name}`,
            `[${dimensions.join(', ')}]`,
            count > 1 ? `${count} x` : '',
            byteSize(size),
          ]),
        [2, 3],
      ),
      `  together, beside the weights: ${byteSize(bytes)}`,
    );
  }
  if (report.gradient_plan) {
    const { shape, microBatches, bytes } = report.gradient_plan;
    lines.push(
      `methods that take gradients: ${counted(microBatches, 'micro-batch', 'micro-batches')} of ${counted(shape.prompts, 'prompt')}`,
      `  together, beside the weights: ${byteSize(bytes)}`,
    );
  }
  if (report.gradient_refusal !== undefined) lines.push(`methods that take gradients: ${report.gradient_refusal}`);
  return `${lines.join('\n')}\n`;
}

function modelRows(model: ModelReport): string[][] {
  const { norm, mlp, positions } = model;
  return [
    ['  family', model.family],
    [
      '  size',
      `${counted(model.layers, 'layer')}, ${counted(model.heads, 'head')} of width ${model.headWidth}, width ${model.width}`,
    ],
    ['  MLP', mlp === null ? 'none: attention only' : `width ${model.mlpWidth}, ${mlp.activation}`],
    ['  norm', `${norm.kind}, epsilon ${norm.epsilon.toExponential()}`],
    ['  positions', `${whole(model.maxPositions)}, ${positions.kind}`],
    ['  vocabulary', counted(model.vocab, 'token')],
    ['  tokenizer', model.tokenizer],
    ['  beginning of text', model.beginning_of_text],
    ['  unembedding', model.tied ? 'tied to the embedding' : 'of its own'],
    ['  parameters', `${whole(model.parameters)} (${bytesByStorage(model)})`],
    ['  edges', `${whole(model.edges)} (${whole(model.edges_with_direct)} with direct edges)${portsOf(model)}`],
    ...(model.ignored_config ? [['  ignored in config.json', model.ignored_config.map(oneLine).join(', ')]] : []),
  ];
}

/** Which ports, where there is a choice. */
function portsOf({ heads, kvHeads, kv_ports: ports }: ModelReport): string {
  return kvHeads < heads ? `; key and value ports ${ports}` : '';
}

/** The most first. */
function bytesByStorage({ weight_bytes_by_storage: bytes }: ModelReport): string {
  const sorted = Object.entries(bytes).sort(([, a], [, b]) => b - a);
  return sorted.map(([storage, size]) => `${byteSize(size)} as ${storage}`).join(', ');
}
