import { finiteOrNull } from '../base/finite-or-null.js';
import { keptEdges, type Circuit } from '../circuit/circuit.js';
import type {
  CircuitDetails,
  CurvePoint,
  HeadTokens,
  NodeDetails,
  PromptDetails,
  Role,
  TokenLogit,
} from '../circuit/details.js';
import { looksOf } from '../circuit/looks.js';
import { circuitNodes } from '../circuit/records.js';
import { rolesOf } from '../circuit/roles.js';
import { earnedVerdicts } from '../circuit/verdicts.js';
import type { PromptPair, Task } from '../task/types.js';
import type { PatternReads } from './attention-rows.js';
import { headDetectors } from './head-detectors.js';
import type { NodeBehaviour, UsedOutputs } from './inspect-nodes.js';
import type { Prediction } from './likeliest.js';
import type { HeadOv } from './ov-tokens.js';
import type { TokenValue } from './top-tokens.js';

/** Text of a token by its id. */
export type TokenText = (id: number) => string;

/** Metrics per prompt, in loss form. */
export interface PromptMetrics {
  readonly whole: readonly number[];
  readonly circuit: readonly number[];
  readonly empty: readonly number[];
  /** Mean logit of the right answers - mean logit of the wrong ones, in the whole model. */
  readonly logitDifference: readonly number[];
}

/** Writers of the circuit by index: every node but `logits`. */
export function writersOf(circuit: Circuit): number[] {
  const names = circuitNodes(circuit);
  return [...circuit.topology.writers.keys()].filter((writer) => names.has(circuit.topology.writerName(writer)));
}

/** What the heads of a circuit write for the words of the prompts. */
export interface WordBehaviour {
  /** Token ids, each once. */
  readonly words: readonly number[];
  /** By the head's writer. */
  readonly heads: ReadonlyMap<number, HeadOv>;
}

/** What was measured in the circuit. */
export interface CircuitBehaviour {
  /** Per node, in the order of writersOf: the effect of cutting all of its edges, on every prompt. */
  readonly nodes: readonly (readonly number[])[];
  readonly reads: PatternReads;
  readonly curve: readonly CurvePoint[];
}

/** Words of a head that are told, those with the largest logits. */
const TOLD_WORDS = 16;

/** What was measured, under the names of nodes and edges and with tokens as texts. */
export function circuitDetails(
  circuit: Circuit,
  task: Task,
  metrics: PromptMetrics,
  behaviour: NodeBehaviour & { readonly used: UsedOutputs },
  inCircuit: CircuitBehaviour,
  words: WordBehaviour,
  found: Pick<CircuitDetails, 'edges' | 'inCircuit'> & { readonly model: string; readonly metric: string },
  tokenText: TokenText,
): CircuitDetails {
  const answered = task.pairs.every(hasBothAnswers);
  const { topology } = circuit;
  const ignored = circuit.provenance?.model.ignored;
  const writers = writersOf(circuit);
  const tokens = (values: readonly TokenValue[]): TokenLogit[] =>
    values.map(({ id, logit }) => ({ token: tokenText(id), logit }));
  const roles = task.pairs.map((pair) => rolesOf(pair));
  const headTokens = ({ promotes, copying }: HeadOv): HeadTokens => ({
    words: words.words.length,
    copying,
    tokens: strongestFirst(promotes)
      .slice(0, TOLD_WORDS)
      .map((w) => ({ token: tokenText(words.words[w]!), promotes: tokens(promotes[w]!) })),
  });
  const nodes = writers.map((writer, i): [string, NodeDetails] => {
    const { promotes, suppresses, ...measured } = behaviour.nodes[i]!;
    const direct = answered ? behaviour.direct[writer]! : null;
    const at = behaviour.used.at[writer]!;
    const ov = words.heads.get(writer);
    return [
      topology.writerName(writer),
      {
        ...measured,
        at,
        writes: tokens(behaviour.used.writes[i]!),
        inCircuit: inCircuit.nodes[i]!,
        direct,
        promotes: tokens(promotes),
        suppresses: tokens(suppresses),
        ...headDetails(task, { ...measured, at, direct, roles }),
        ov: ov ? headTokens(ov) : null,
      },
    ];
  });
  const byName = <T, U>(byEdge: ReadonlyMap<number, T>, value: (of: T) => U): Record<string, U> =>
    Object.fromEntries([...byEdge].sort(([a], [b]) => a - b).map(([id, of]) => [topology.edgeName(id), value(of)]));
  return {
    of: { model: found.model, task: task.hash, keptEdges: keptEdges(circuit), ...(ignored && { ignored }) },
    metric: found.metric,
    prompts: task.pairs.map((pair, n) => promptDetails(pair, metrics, n, behaviour.predictions[n]!, tokenText)),
    nodes: Object.fromEntries(nodes),
    rest: answered ? { writers: others(behaviour.direct, writers), constants: behaviour.constants } : null,
    edges: found.edges,
    inCircuit: found.inCircuit,
    reads: byName(inCircuit.reads, (rows) => rows),
    writtenThrough: byName(behaviour.used.writtenThrough, tokens),
    curve: inCircuit.curve,
  };
}

/** What follows from the attention of a head; nothing of another node. */
function headDetails(
  { pairs }: Task,
  {
    attention,
    roles,
    ...of
  }: Pick<NodeDetails, 'attention' | 'answerRank' | 'direct'> & {
    readonly at: readonly number[];
    readonly roles: readonly (readonly Role[])[];
  },
): Pick<NodeDetails, 'looks' | 'verdicts' | 'detectors'> {
  if (!attention) return { looks: [], verdicts: [], detectors: null };
  const prompts = pairs.map(({ clean }) => clean);
  const measured = pairs.map(({ position }) => position);
  return {
    looks: looksOf(attention, roles, of.at),
    verdicts: earnedVerdicts({ patterns: attention, tokens: prompts, roles, measured, ...of }),
    detectors: headDetectors(attention, prompts),
  };
}

/** Places of lists of tokens, those with the largest first logit first; equal ones in their order. */
function strongestFirst(lists: readonly (readonly TokenValue[])[]): number[] {
  const strength = (place: number): number => lists[place]![0]?.logit ?? -Infinity;
  return [...lists.keys()].sort((a, b) => strength(b) - strength(a) || a - b);
}

function promptDetails(
  pair: PromptPair,
  metrics: PromptMetrics,
  n: number,
  { top, probability }: Prediction,
  tokenText: TokenText,
): PromptDetails {
  const { clean, corrupted, texts, position, correct, wrong } = pair;
  return {
    clean: texts?.clean ?? clean.map(tokenText),
    corrupted: texts?.corrupted ?? corrupted.map(tokenText),
    position,
    correct: correct.map(tokenText),
    wrong: wrong.map(tokenText),
    metrics: {
      whole: finiteOrNull(metrics.whole[n]),
      circuit: finiteOrNull(metrics.circuit[n]),
      empty: finiteOrNull(metrics.empty[n]),
    },
    logitDifference: hasBothAnswers(pair) ? finiteOrNull(metrics.logitDifference[n]) : null,
    top: top.map(({ id, ...chance }) => ({ token: tokenText(id), ...chance })),
    probability: correct.length > 0 ? probability : null,
  };
}

function hasBothAnswers({ correct, wrong }: PromptPair): boolean {
  return correct.length > 0 && wrong.length > 0;
}

/** Per prompt the sum over the writers that are not listed. */
function others(direct: readonly (readonly number[])[], listed: readonly number[]): number[] {
  const outside = direct.filter((_, writer) => !listed.includes(writer));
  return direct[0]!.map((_, n) => outside.reduce((sum, values) => sum + values[n]!, 0));
}
