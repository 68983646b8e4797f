import { dirname } from 'node:path';
import type { Circuit } from '../circuit/circuit.js';
import type { Discovery } from '../search.js';
import type { Found } from './searches.js';
import { counted, fixed, signed, strongestEdges, table, whole } from './text-report.js';

/** Every threshold searched at, with what was found; beside the results of a run of several searches. */
export const THRESHOLDS_FILE = 'thresholds.json';
const THRESHOLDS_VERSION = 1;

/** A search whose circuit was written. */
export interface FoundFiles extends Found {
  readonly files: readonly string[];
}

/** `thresholds.json`: holds no durations and no paths, so that equal runs write equal bytes. */
export function thresholdsJson(all: readonly Found[], written: readonly Found[]): string {
  const rows = all.map(({ threshold, discovery }) => ({
    threshold,
    edges: discovery.kept,
    metric: discovery.final,
    faithfulness: discovery.faithfulness,
    min_margin: discovery.circuit.provenance?.minMargin ?? null,
    tested: discovery.tested,
    written: written.some((one) => one.threshold === threshold),
  }));
  return `${JSON.stringify({ edgewise_thresholds: THRESHOLDS_VERSION, searches: rows }, null, 1)}\n`;
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
