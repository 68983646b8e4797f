import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import { checkPrompts } from '../evaluate/prompt-check.js';
import type { TaskEvaluator } from '../evaluate/task-evaluator.js';
import { LENS_PARTS, type LensPart, type LensReport } from '../files/own/lens-json.js';
import type { TokenText } from '../inspect/circuit-details.js';
import { MAX_LOGITS } from '../inspect/inspect-nodes.js';
import { wordsOf, type HeadPlace } from '../inspect/ov-tokens.js';
import { answerDirections } from '../instruments/lens/answer-directions.js';
import { everyHeadsDetectors } from '../instruments/lens/detector-scores.js';
import { directAttribution } from '../instruments/lens/direct-attribution.js';
import { ffnValues } from '../instruments/lens/ffn-values.js';
import { hitAtK, rowsInCircuit } from '../instruments/lens/hit-at-k.js';
import { logitLens } from '../instruments/lens/logit-lens.js';
import { neuronIncrease } from '../instruments/lens/neuron-increase.js';
import { observeRuns } from '../instruments/lens/observed-runs.js';
import { ovQk } from '../instruments/lens/ov-qk.js';
import type { InstrumentSetting } from '../instruments/setting.js';
import { triggersOf, type TriggerText } from '../instruments/lens/triggers.js';
import type { LoadedModel } from '../model/load-model.js';
import type { Task } from '../task/types.js';
import { cutsDirectEdges, refuseOtherShape } from './identity.js';
import { refuseNonFinite } from './non-finite.js';
import type { EvaluationOptions } from './options.js';

/** What is looked at, and how. Every option has a default. */
export interface LensOptions {
  /** Default: all that the task and the model allow; `triggers` with texts, `neuron_increase` with `without`. */
  readonly only?: readonly LensPart[];
  /** `direct_attribution`: also of every neuron. Default false. */
  readonly neurons?: boolean;
  /** `ffn_values`: how many neurons of a layer are told. Default 5. */
  readonly strongest?: number;
  /** `ov_qk`: token ids. Default: the tokens of the clean prompts, at most 128. */
  readonly words?: readonly number[];
  /** `ov_qk`: how many tokens before the query the key stands, which rotary positions depend on. Default 0. */
  readonly distance?: number;
  /** `triggers`: texts in which the neurons of `ffn_values` are looked for. */
  readonly texts?: readonly TriggerText[];
  /** `neuron_increase`: heads such as a1.h2 whose outputs are set to zero in a second run. */
  readonly without?: readonly string[];
  /** `hit_at_k`: a circuit that is measured beside the model, and how. */
  readonly circuit?: { readonly kept: EdgeSet; readonly options: EvaluationOptions };
  /** Texts of tokens by id. Default `#<id>`. */
  readonly tokenText?: TokenText;
}

/** What is used where a caller says nothing. The command line has the same. */
export const LENS_DEFAULTS = { strongest: 5, distance: 0 } as const;

/** What a part cannot do without. */
const NEEDS: Readonly<
  Record<LensPart, { readonly correct: boolean; readonly wrong: boolean; readonly mlps: boolean }>
> = {
  logit_lens: { correct: false, wrong: false, mlps: false },
  direct_attribution: { correct: true, wrong: true, mlps: false },
  ov_qk: { correct: false, wrong: false, mlps: false },
  ffn_values: { correct: true, wrong: true, mlps: true },
  head_detectors: { correct: false, wrong: false, mlps: false },
  hit_at_k: { correct: true, wrong: false, mlps: false },
  triggers: { correct: true, wrong: true, mlps: true },
  neuron_increase: { correct: true, wrong: false, mlps: true },
};

/** Parts that are looked at, and those that are left out with the reason. */
export interface LensPlan {
  readonly parts: readonly LensPart[];
  readonly left: readonly { readonly part: LensPart; readonly why: string }[];
  readonly without: readonly HeadPlace[];
  readonly words: readonly number[];
}

/**
 * Which parts a run has.
 *
 * @param nameOf how the caller calls an option in messages.
 * @throws EdgewiseError before a device is needed: usage for a part, a head, a word or a number that there is not, and
 *   for a part that is asked for without what it needs; task where a part that is asked for needs answers that a row
 *   lacks; circuit where the circuit is of another shape.
 */
export function planLens(
  model: LoadedModel,
  topology: Topology,
  task: Task,
  options: LensOptions,
  nameOf: (option: keyof LensOptions) => string = String,
): LensPlan {
  const { spec } = model;
  checkPrompts(spec, task.pairs, { pairs: task.pairs, side: 'clean' }, 'resample');
  if (options.circuit) refuseOtherShape(topology, options.circuit.kept);
  const without = (options.without ?? []).map((name) => headNamed(topology, name, nameOf('without')));
  checkNumber(nameOf('strongest'), options.strongest ?? LENS_DEFAULTS.strongest, 1, Number.MAX_SAFE_INTEGER);
  checkNumber(nameOf('distance'), options.distance ?? LENS_DEFAULTS.distance, 0, spec.maxPositions - 1);
  for (const id of options.words ?? []) checkNumber(nameOf('words'), id, 0, spec.vocab - 1);
  const words = options.words
    ? [...new Set(options.words)]
    : wordsOf(
        task.pairs.map(({ clean }) => clean),
        spec.bosTokenId,
      );
  const lacking = (part: LensPart): string | undefined => {
    const { correct, wrong, mlps } = NEEDS[part];
    if (mlps && spec.mlp === null) return 'the model has no MLPs';
    if (part === 'triggers' && (options.texts ?? []).length === 0) return 'no texts are given';
    if (part === 'ov_qk' && words.length === 0) return 'the prompts have no words';
    if (correct && task.pairs.some((pair) => pair.correct.length === 0))
      return 'the task has prompts without right answers';
    if (wrong && task.pairs.some((pair) => pair.wrong.length === 0))
      return 'the task has prompts without wrong answers';
    return undefined;
  };
  if (options.only) {
    for (const part of options.only) {
      if (!LENS_PARTS.includes(part)) {
        throw new EdgewiseError(
          'usage',
          nameOf('only'),
          `${quote(part)} is no part, expected ${LENS_PARTS.join(', ')}`,
        );
      }
      refuseUnanswered(task, part);
      const why = lacking(part);
      if (why !== undefined) throw new EdgewiseError('usage', part, why);
    }
  }
  const byDefault = LENS_PARTS.filter(
    (part) => (part !== 'triggers' || options.texts) && (part !== 'neuron_increase' || without.length > 0),
  );
  const wanted = options.only ? LENS_PARTS.filter((part) => options.only!.includes(part)) : byDefault;
  const left = wanted.flatMap((part) => {
    const why = lacking(part);
    return why === undefined ? [] : [{ part, why }];
  });
  return { parts: wanted.filter((part) => !left.some((one) => one.part === part)), left, without, words };
}

/** @throws EdgewiseError of kind task that names the first prompt without answers which a part needs. */
function refuseUnanswered({ pairs, source }: Task, part: LensPart): void {
  for (const side of ['correct', 'wrong'] as const) {
    const at = NEEDS[part][side] ? pairs.findIndex((pair) => pair[side].length === 0) : -1;
    if (at === -1) continue;
    const where = pairs[at]!.origin ?? `${source}, pair ${at + 1}`;
    const kind = side === 'correct' ? 'right' : 'wrong';
    throw new EdgewiseError('task', where, `has no ${kind} answer, which ${part} needs`);
  }
}

function headNamed(topology: Topology, name: string, option: string): HeadPlace {
  const node = topology.writers.find((_, writer) => topology.writerName(writer) === name);
  if (node?.kind === 'head') return { layer: node.layer, head: node.head };
  const last = topology.writerName(topology.headWriter(topology.layers - 1, topology.heads - 1));
  throw new EdgewiseError('usage', option, `${quote(name)} is no head of the model, expected a0.h0 to ${last}`);
}

function checkNumber(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${least}` : `${least} to ${most}`;
  throw new EdgewiseError('usage', name, `${value}, expected ${range}`);
}

/** How far a part of a run is. */
export interface LensProgress {
  readonly part: string;
  readonly done: number;
  readonly total: number;
}

/** What a lens run needs of an engine. */
export interface LensSetting extends InstrumentSetting {
  readonly withEvaluator: <T>(
    options: EvaluationOptions,
    directEdges: boolean,
    use: (evaluator: TaskEvaluator) => Promise<T>,
  ) => Promise<T>;
}

/**
 * Looks into a model on the clean prompts: the logit lens, what every writer adds to the logit difference, heads in
 * token space, values of MLP neurons, kinds of heads, Hit@k, triggers, comparative neuron analysis. Each part says what
 * it costs; the first takes a forward pass, and 2 d V FLOPs for each prompt and layer.
 *
 * @throws EdgewiseError: usage for parts, heads and numbers that there are not, task where prompts do not fit the model
 *   or lack answers, circuit where it is of another shape, device where the memory does not suffice, checkpoint where
 *   the model gives NaN.
 */
export async function runLens(
  task: Task,
  options: LensOptions,
  onProgress: (progress: LensProgress) => void,
  { model, topology, weights, budget, withEvaluator }: LensSetting,
): Promise<LensReport> {
  const { parts, without, words } = planLens(model, topology, task, options);
  const { pairs, skip } = task;
  const { tokenText = (id: number) => `#${id}`, strongest = LENS_DEFAULTS.strongest } = options;
  const maxBytes = Math.min(MAX_LOGITS, weights.gpu.maxBinding, budget);
  const asked = (...names: readonly LensPart[]): boolean => names.some((name) => parts.includes(name));
  const telling =
    (part: string, total: number) =>
    (done: number): void =>
      onProgress({ part, done, total });
  const patterns = asked('head_detectors');
  const observed = await observeRuns(
    weights,
    topology,
    pairs,
    { budget, patterns },
    telling('running the model', pairs.length),
  );
  const last = observed.streams.at(-1)!;
  const broken = last.find((value) => !Number.isFinite(value));
  if (broken !== undefined) await refuseNonFinite(model, 'residual stream', broken);
  const directions = asked('direct_attribution', 'ffn_values', 'triggers')
    ? await answerDirections(weights, pairs, last)
    : null;
  const { layers } = topology;
  const found: { -readonly [Part in LensPart]?: LensReport[Part] } = {};
  if (asked('logit_lens')) {
    const use = { skip, maxBytes, tokenText };
    found.logit_lens = await logitLens(weights, pairs, observed, use, telling('logit lens', layers + 1));
  }
  if (asked('direct_attribution')) {
    const use = { budget, neurons: options.neurons ?? false };
    found.direct_attribution = await directAttribution(weights, topology, pairs, observed, directions!, use);
  }
  if (asked('ov_qk')) {
    const use = { distance: options.distance ?? LENS_DEFAULTS.distance, maxBytes };
    found.ov_qk = await ovQk(weights, topology, words, use, telling('OV and QK', 3 * layers));
  }
  const rows: [number, number] = [skip, skip + pairs.length];
  if (asked('ffn_values', 'triggers')) {
    const use = { count: strongest, maxBytes, tokenText };
    const values = await ffnValues(weights, observed, directions!, use, telling('neurons', layers));
    if (asked('ffn_values')) found.ffn_values = { rows, layers: values };
    if (asked('triggers')) {
      const neurons = values.flatMap((ofLayer, layer) => ofLayer.map(({ neuron }) => ({ layer, neuron })));
      const texts = options.texts!;
      const on = telling('texts', texts.length);
      found.triggers = await triggersOf(weights, topology, neurons, texts, { budget, tokenText }, on);
    }
  }
  if (asked('head_detectors')) {
    const prompts = pairs.map(({ clean }) => clean);
    found.head_detectors = { rows, scores: everyHeadsDetectors(observed, prompts) };
  }
  if (asked('hit_at_k')) {
    const { circuit } = options;
    const inCircuit = circuit
      ? await withEvaluator(
          circuit.options,
          cutsDirectEdges({ kept: circuit.kept, directTested: false }),
          (evaluator) => rowsInCircuit(evaluator, circuit.kept, pairs),
        )
      : null;
    found.hit_at_k = await hitAtK(weights, pairs, last, inCircuit, maxBytes);
  }
  if (asked('neuron_increase')) {
    const second =
      without.length === 0
        ? null
        : { heads: options.without!, observed: await observeRuns(weights, topology, pairs, { budget, without }) };
    const on = telling('neurons one by one', layers * (second ? 2 : 1));
    found.neuron_increase = await neuronIncrease(weights, pairs, observed, second, { maxBytes, tokenText }, on);
  }
  // In the order of the parts.
  return Object.fromEntries(LENS_PARTS.flatMap((part) => (found[part] ? [[part, found[part]]] : []))) as LensReport;
}
