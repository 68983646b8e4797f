import type { CircuitDetails, NodeDetails, PromptDetails } from '../../circuit/details.js';
import { block, entry, jsonFile } from '../../base/json/entry-lines.js';
import { decodeRow, encodeRow, fromLowerTriangle, lowerTriangle } from './attention-json.js';
import { DETAILS_VERSION, readDetailsJson, type DetailsFile } from './details-schema.js';
import { extentOf, heldOf, type DetailsHeld } from './details-size.js';
import {
  decodeDetectors,
  decodeHeadTokens,
  encodeChances,
  encodeDetectors,
  encodeHeadTokens,
  encodeTokens,
  rounded,
} from './head-details-json.js';

/**
 * The details as the text of details.json, keys spelled as in circuit.json: one prompt, node or edge a line.
 * `attention_1e4` holds per prompt the lower triangle of the pattern row by row, in units of 1e-4. What is not finite
 * is null. Where the file would be large (LARGE_DETAILS), attention on the corrupted prompts and rows with an edge cut
 * are those of the first prompt alone.
 */
export function writeDetails(details: CircuitDetails): string {
  const { of, metric, prompts, nodes, rest, edges, inCircuit, reads, writtenThrough, curve } = details;
  const held = heldOf(extentOf(details));
  const lines = <T>(key: string, byName: Readonly<Record<string, T>>, encode: (value: T) => unknown): string =>
    block(
      key,
      '{}',
      Object.entries(byName).map(([name, value]) => entry(name, encode(value))),
    );
  const members = [
    entry('schema_version', DETAILS_VERSION),
    entry('of', { model: of.model, task: of.task, kept_edges: of.keptEdges, ignored: of.ignored }),
    entry('metric', metric),
    block(
      'prompts',
      '[]',
      prompts.map((prompt) => JSON.stringify(encodePrompt(prompt))),
    ),
    lines('nodes', nodes, (node) => encodeNode(node, prompts, held)),
    entry('rest', rest && { writers: rest.writers.map(rounded), constants: rest.constants.map(rounded) }),
    lines('edges', edges, (effects) => effects.map(rounded)),
    lines('in_circuit', inCircuit, (effects) => effects.map(rounded)),
    lines('reads', reads, (ofPrompts) => some(ofPrompts, held).map((rows) => rows.map(encodeRow))),
    lines('written_through', writtenThrough, encodeTokens),
    curve
      ? block(
          'curve',
          '[]',
          curve.map((point) => JSON.stringify(encodePoint(point))),
        )
      : entry('curve', null),
  ];
  return jsonFile('{}', members);
}

function some<T>(ofPrompts: readonly T[], held: DetailsHeld): readonly T[] {
  return held === 'every prompt' ? ofPrompts : ofPrompts.slice(0, 1);
}

function roundedOrNull(x: number | null): number | null {
  return x === null ? null : rounded(x);
}

function encodePrompt({ logitDifference, metrics, ...prompt }: PromptDetails): object {
  const { clean, corrupted, position, correct, wrong, top, probability } = prompt;
  const { whole, circuit, empty } = metrics;
  return {
    clean,
    corrupted,
    position,
    correct,
    wrong,
    metrics: { whole: roundedOrNull(whole), circuit: roundedOrNull(circuit), empty: roundedOrNull(empty) },
    logit_difference: roundedOrNull(logitDifference),
    top: encodeChances(top),
    probability: probability && { correct: rounded(probability.correct), wrong: rounded(probability.wrong) },
  };
}

function encodePoint({ edges, metric, faithfulness }: NonNullable<CircuitDetails['curve']>[number]): object {
  return { edges, metric: roundedOrNull(metric), faithfulness: roundedOrNull(faithfulness) };
}

function encodeNode(node: NodeDetails, prompts: readonly PromptDetails[], held: DetailsHeld): object {
  const { attention, corruptedAttention, at, looks, verdicts, writes, answerRank, inCircuit } = node;
  const { direct, promotes, suppresses, detectors, ov } = node;
  const triangles = (patterns: readonly Float32Array[]): number[][] =>
    patterns.map((pattern, n) => lowerTriangle(pattern, prompts[n]!.clean.length));
  return {
    attention_1e4: attention && triangles(attention),
    attention_corrupted_1e4: corruptedAttention && triangles(some(corruptedAttention, held)),
    at,
    looks: looks.map(({ from, at: seen, share, prompts: count }) => ({
      from,
      at: seen,
      share: rounded(share),
      prompts: count,
    })),
    verdicts: verdicts.map(({ kind, share }) => ({ kind, share: rounded(share) })),
    writes: encodeTokens(writes),
    answer_rank: answerRank,
    in_circuit: inCircuit && inCircuit.map(rounded),
    direct: direct && direct.map(rounded),
    promotes: encodeTokens(promotes),
    suppresses: encodeTokens(suppresses),
    detectors: detectors && encodeDetectors(detectors),
    ov: ov && encodeHeadTokens(ov),
  };
}

/**
 * Reads details.json. Names of nodes and edges are not compared with any circuit, see detailsFit.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the file and the first field at fault.
 */
export function parseDetails(text: string, source: string): CircuitDetails {
  const file = readDetailsJson(text, source);
  const lengths = file.prompts.map((prompt) => prompt.clean.length);
  const values = <T, U>(record: Readonly<Record<string, T>>, decodeValue: (value: T) => U): Record<string, U> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, decodeValue(value)]));
  const { kept_edges: keptEdges, ...of } = file.of;
  return {
    of: { ...of, keptEdges },
    metric: file.metric,
    prompts: file.prompts.map(({ logit_difference: logitDifference, ...prompt }) => ({ ...prompt, logitDifference })),
    nodes: values(file.nodes, (node) => decodeNode(node, lengths)),
    rest: file.rest,
    edges: values(file.edges, numbersOf),
    inCircuit: values(file.in_circuit, numbersOf),
    reads: values(file.reads, (ofPrompts) => ofPrompts.map((rows) => rows.map(decodeRow))),
    writtenThrough: file.written_through,
    curve: file.curve,
  };
}

function numbersOf(list: readonly (number | null)[]): number[] {
  return list.map((value) => value ?? Number.NaN);
}

function decodeNode(
  {
    attention_1e4: attention,
    attention_corrupted_1e4: corrupted,
    answer_rank: answerRank,
    in_circuit: inCircuit,
    detectors,
    ov,
    ...node
  }: DetailsFile['nodes'][string],
  lengths: readonly number[],
): NodeDetails {
  const patterns = (triangles: readonly (readonly number[])[]): Float32Array[] =>
    triangles.map((triangle, n) => fromLowerTriangle(triangle, lengths[n]!));
  return {
    ...node,
    attention: attention && patterns(attention),
    corruptedAttention: corrupted && patterns(corrupted),
    answerRank: answerRank && numbersOf(answerRank),
    inCircuit: inCircuit && numbersOf(inCircuit),
    detectors: detectors && decodeDetectors(detectors),
    ov: ov && decodeHeadTokens(ov),
  };
}
