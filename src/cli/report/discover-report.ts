import { dirname } from 'node:path';
import { candidateEdges, type Circuit } from '../../circuit/circuit.js';
import { describeSelection } from '../../circuit/scored-circuit.js';
import type { Selection } from '../../discover/select.js';
import type { InspectedCircuit } from '../../run/engine.js';
import type { Discovery } from '../../run/search.js';
import type { Found } from '../methods/threshold-searches.js';
import { counted, fixed, signed, strongestEdges, table, whole } from './text-report.js';

/** A search whose circuit was written. */
export interface FoundFiles extends Found {
  readonly files: readonly string[];
}

/** For machines: the one result, or all of them. */
export function jsonReport(results: readonly FoundFiles[], table: string | undefined): string {
  const reports = results.map(({ threshold, discovery, files }) => ({ threshold, ...jsonOf(discovery, files) }));
  const report = table === undefined ? reports[0]! : { thresholds: table, results: reports };
  return `${JSON.stringify(report)}\n`;
}

/** For people: the one result with its strongest edges, or a table of all searches and where the results lie. */
export function textReport(
  results: readonly FoundFiles[],
  all: readonly Found[],
  thresholds: string | undefined,
): string {
  const [first] = results as [FoundFiles];
  const lines = thresholds === undefined ? [] : [...thresholdTable(all, results), ''];
  if (results.length === 1) lines.push(...resultLines(first.discovery, first.files));
  else lines.push('written', ...results.map(({ files }) => `  ${dirname(files[0]!)}`));
  if (thresholds !== undefined) lines.push(`table: ${thresholds}`);
  if (results.length === 1) lines.push(`look at it: edgewise view ${dirname(first.files[0]!)}`);
  else lines.push(`look at them: edgewise view ${dirname(dirname(first.files[0]!))}`);
  return `${lines.join('\n')}\n`;
}

function thresholdTable(all: readonly Found[], written: readonly Found[]): string[] {
  const { provenance } = all[0]!.discovery.circuit;
  const rows = all.map(({ threshold, discovery }) => [
    String(threshold),
    whole(discovery.kept),
    value(discovery.final),
    discovery.faithfulness === null ? '-' : fixed(discovery.faithfulness, 3),
    whole(discovery.tested),
    whole(discovery.evaluations),
    written.some((one) => one.threshold === threshold) ? '*' : '',
  ]);
  const titles = ['threshold', 'edges', provenance!.metric, 'faithfulness', 'tested', 'evaluated', ''];
  return table([titles, ...rows], [0, 1, 2, 3, 4, 5]);
}

/** A search that started from a screening, and what its parts took. */
export interface Screened {
  readonly discovery: Discovery;
  readonly cost: {
    /** Seconds: scores of all edges; edges tested again, with the caches; the search from there. */
    readonly scoring: number;
    readonly retests: number;
    readonly search: number;
    /** The search from the whole model, where it was asked for too. */
    readonly plain: Discovery | undefined;
  };
}

export function screenedReport({ discovery, cost }: Screened, files: readonly string[], json: boolean): string {
  const { cutoff, retested, disagreed, started } = discovery.circuit.provenance!.screening!;
  const { scoring, retests, search, plain } = cost;
  const comparison = plain && compared(discovery, plain);
  if (json) {
    const report = {
      ...jsonOf(discovery, files),
      screening: { cutoff, retested, disagreed, started },
      seconds: { scoring, retests, search },
      ...(plain && { plain: { tested: plain.tested, seconds: plain.seconds, ...comparison } }),
    };
    return `${JSON.stringify(report)}\n`;
  }
  const lines = [
    `screened: all edges scored (${scoring.toFixed(1)} s); ${counted(retested, 'edge')} near ${Number(cutoff.toPrecision(4))} tested again, ` +
      `${disagreed} of them on its wrong side (${retests.toFixed(1)} s); the search starts from ${counted(started, 'edge')}: ` +
      `${counted(discovery.tested, 'test')} (${search.toFixed(1)} s)`,
    ...(plain && comparison
      ? [
          `ACDC from the whole model: ${counted(plain.tested, 'test')} in ${plain.seconds.toFixed(1)} s, ${counted(plain.kept, 'edge')}, ` +
            `faithfulness ${plain.faithfulness === null ? '-' : fixed(plain.faithfulness, 3)}; ` +
            `${comparison.shared} edges in both, ${comparison.onlyScreened} only here, ${comparison.onlyPlain} only there`,
        ]
      : [`ACDC from the whole model decides on ${counted(discovery.edges, 'edge')}; --compare runs it too`]),
    '',
    ...resultLines(discovery, files),
    `look at it: edgewise view ${dirname(files[0]!)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function compared(screened: Discovery, plain: Discovery) {
  const [mine, theirs] = [keptIds(screened.circuit), keptIds(plain.circuit)];
  const shared = [...mine].filter((id) => theirs.has(id)).length;
  return {
    kept: plain.kept,
    faithfulness: plain.faithfulness,
    shared,
    onlyScreened: mine.size - shared,
    onlyPlain: theirs.size - shared,
  };
}

function keptIds(circuit: Circuit): Set<number> {
  return new Set([...circuit.kept].filter((id) => id < candidateEdges(circuit)));
}

/** A circuit that was chosen from scores. */
export function choiceReport(
  { circuit, initial, final, empty }: InspectedCircuit,
  { record, left }: Selection,
  seconds: number,
  files: readonly string[],
  json: boolean,
): string {
  const { method, metric, model, task, prompts, ablation, faithfulness, adapter } = circuit.provenance!;
  const edges = candidateEdges(circuit);
  if (json) {
    const report = {
      kept: left.edges,
      edges,
      chosen: record.chosen,
      initial,
      final,
      empty,
      faithfulness,
      seconds,
      adapter,
      files,
    };
    return `${JSON.stringify(report)}\n`;
  }
  const lines = [
    `${task.name} on ${model.name}, ${counted(prompts.count, 'prompt')}, ${ablation} ablation: ${method}, ${describeSelection(record)}`,
    `  kept ${whole(left.edges)} of ${counted(edges, 'edge')} (${whole(record.chosen)} chosen, then pruned) in ${seconds.toFixed(1)} s`,
    `  ${metric} (lower is better): ${value(initial)} whole model, ${value(final)} circuit, ${value(empty)} empty circuit`,
    `  faithfulness ${faithfulness === null ? 'undefined: the whole model and the empty circuit do not differ' : fixed(faithfulness, 3)}`,
    ...headToHead(circuit),
    'files written',
    ...files.map((file) => `  ${file}`),
    `look at it: edgewise view ${dirname(files[0]!)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function jsonOf(discovery: Discovery, files: readonly string[]): object {
  const { tested, evaluations, kept, edges, initial, final, empty, seconds } = discovery;
  const { provenance } = discovery.circuit;
  return {
    tested,
    evaluations,
    kept,
    edges,
    initial,
    final,
    empty,
    faithfulness: discovery.faithfulness,
    min_margin: provenance?.minMargin ?? null,
    seconds,
    adapter: provenance?.adapter,
    files,
  };
}

function resultLines(discovery: Discovery, files: readonly string[]): string[] {
  const { circuit, tested, kept, edges, initial, final, empty, faithfulness, seconds } = discovery;
  const provenance = circuit.provenance!;
  const margin = provenance.minMargin;
  return [
    `${provenance.task.name} on ${provenance.model.name}, ${counted(provenance.prompts.count, 'prompt')}, ${provenance.ablation} ablation`,
    `  kept ${whole(kept)} of ${counted(edges, 'edge')}: ${whole(tested)} tested in ${seconds.toFixed(1)} s at threshold ${provenance.threshold}`,
    `  ${provenance.metric} (lower is better): ${value(initial)} whole model, ${value(final)} circuit, ${value(empty)} empty circuit`,
    `  faithfulness ${faithfulness === null ? 'undefined: the whole model and the empty circuit do not differ' : fixed(faithfulness, 3)}`,
    ...(margin
      ? [`  closest decision: ${margin.edge}, ${Number(margin.margin.toPrecision(2))} from the threshold`]
      : []),
    ...headToHead(circuit),
    'files written',
    ...files.map((file) => `  ${file}`),
  ];
}

function headToHead(circuit: Circuit): string[] {
  const strongest = strongestEdges(circuit, 8, 'heads');
  if (strongest.length === 0) return ['no head-to-head edge is kept'];
  const width = Math.max(...strongest.map(({ name }) => name.length));
  return [
    'strongest head-to-head edges (effect: how much worse the metric gets without the edge)',
    ...strongest.map(({ name, effect }) => `  ${name.padEnd(width)}  ${signed(effect)}`),
  ];
}

const value = (metric: number): string => fixed(metric, 4);
