import { counted } from '../../base/text.js';
import { dirname } from 'node:path';
import type { Circuit } from '../../circuit/circuit.js';
import { compareCircuits } from '../../circuit/comparison.js';
import { describeSelection } from '../../circuit/scored-circuit.js';
import { describeTies, type Selection } from '../../discover/select.js';
import type { Discovery, Screening } from '../../run/discovery.js';
import type { WrittenDiscovery } from '../folder/discovery-folder.js';
import { idleLines, strongestInCircuit } from './in-circuit-report.js';
import { shellPath } from './shell-word.js';
import { fixed, signed, strongestEdges, table, whole } from './text-report.js';

/** A circuit on prompts that it was not found on. */
export interface OtherPrompts {
  readonly prompts: number;
  readonly skip: number;
  readonly faithfulness: number | null;
}

/** A circuit with its files, and how it does on other prompts where that was asked for. */
export interface ReportedDiscovery extends WrittenDiscovery {
  readonly check?: OtherPrompts | undefined;
}

/**
 * What `discover` prints.
 *
 * @param all every search that was made.
 * @param thresholds path of the table of all searches, where there is one.
 * @param json for machines.
 */
export function discoveryReport(
  results: readonly ReportedDiscovery[],
  all: readonly Discovery[],
  thresholds: string | undefined,
  json: boolean,
): string {
  const reports = json ? jsonReport(results, thresholds) : textReport(results, all, thresholds).join('\n');
  return `${reports}\n`;
}

function jsonReport(results: readonly ReportedDiscovery[], thresholds: string | undefined): string {
  const reports = results.map(({ discovery, measured, files, check }) => ({
    ...jsonOf(discovery, files),
    ...(discovery.faithful && { wanted: discovery.faithful.wanted, evaluations: discovery.faithful.evaluations }),
    ...(check && { check }),
    ...(measured?.dropped.length ? { kept: discovery.kept - measured.dropped.length } : {}),
    ...(measured && {
      idle: measured.circuit.inCircuit!.idle.length,
      dropped: measured.dropped,
      effect_seconds: measured.effectSeconds,
      curve_seconds: measured.curveSeconds,
    }),
  }));
  return JSON.stringify(thresholds === undefined ? reports[0]! : { thresholds, results: reports });
}

/** The one result with its strongest edges, or a table of all searches and where the results lie. */
function textReport(
  results: readonly ReportedDiscovery[],
  all: readonly Discovery[],
  thresholds: string | undefined,
): string[] {
  const [first] = results as [ReportedDiscovery];
  const lines = thresholds === undefined ? [] : [...thresholdTable(all, results), ''];
  if (results.length === 1) lines.push(...resultLines(first));
  else lines.push('written', ...results.map(({ files }) => `  ${dirname(files[0]!)}`));
  if (thresholds !== undefined) lines.push(`table: ${thresholds}`);
  if (results.length === 1) lines.push(`look at it: edgewise view ${shellPath(dirname(first.files[0]!))}`);
  else lines.push(`look at them: edgewise view ${shellPath(dirname(dirname(first.files[0]!)))}`);
  return lines;
}

function thresholdTable(all: readonly Discovery[], written: readonly ReportedDiscovery[]): string[] {
  const rows = all.map((discovery) => [
    String(thresholdOf(discovery)),
    whole(discovery.kept),
    value(discovery.final),
    discovery.faithfulness === null ? '-' : fixed(discovery.faithfulness, 3),
    whole(discovery.tested),
    whole(discovery.evaluations),
    written.some(({ discovery: one }) => thresholdOf(one) === thresholdOf(discovery)) ? '*' : '',
  ]);
  const { metric } = all[0]!.circuit.provenance!;
  const titles = ['threshold', 'edges', metric, 'faithfulness', 'tested', 'evaluated', ''];
  return table([titles, ...rows], [0, 1, 2, 3, 4, 5]);
}

const thresholdOf = ({ circuit }: Discovery): number | null => circuit.provenance!.threshold;

function jsonOf({ circuit, screening, selection, ...found }: Discovery, files: readonly string[]): object {
  const { tested, evaluations, rounds, wrongGuesses, kept, edges, initial, final, empty, faithfulness, seconds } =
    found;
  const { threshold, minMargin, adapter, screening: screened } = circuit.provenance!;
  if (selection) {
    const { chosen } = selection.record;
    return { kept, edges, chosen, initial, final, empty, faithfulness, seconds, adapter, files };
  }
  const report = {
    ...(screening ? {} : { threshold }),
    tested,
    evaluations,
    rounds,
    wrong_guesses: wrongGuesses,
    kept,
    edges,
    initial,
    final,
    empty,
    faithfulness,
    min_margin: minMargin,
    seconds,
    adapter,
    files,
  };
  if (!screening) return report;
  const { cutoff, retested, disagreed, started } = screened!;
  const { scoring, retests, search, plain } = screening;
  return {
    ...report,
    screening: { cutoff, retested, disagreed, started },
    seconds: { scoring, retests, search },
    ...(plain && { plain: { tested: plain.tested, seconds: plain.seconds, ...compared(circuit, plain) } }),
  };
}

/** A screened search beside the search from the whole model. */
function compared(screened: Circuit, plain: Discovery) {
  const { both, flipped, onlyA, onlyB } = compareCircuits(screened, plain.circuit).edges;
  const { kept, faithfulness } = plain;
  return { kept, faithfulness, shared: both + flipped, onlyScreened: onlyA, onlyPlain: onlyB };
}

function resultLines({ discovery, measured, files, check }: ReportedDiscovery): string[] {
  const { circuit, initial, final, empty, faithfulness, selection, screening, faithful } = discovery;
  const { metric, minMargin } = circuit.provenance!;
  return [
    ...(screening ? [...screeningLines(discovery, screening), ''] : []),
    ...(selection ? choiceLines(discovery, selection) : searchLines(discovery)),
    `  ${metric} (lower is better): ${value(initial)} whole model, ${value(final)} circuit, ${value(empty)} empty circuit`,
    `  faithfulness ${faithfulness === null ? 'undefined: the whole model and the empty circuit do not differ' : fixed(faithfulness, 3)}`,
    ...(check ? [`  on ${counted(check.prompts, 'other prompt')}: ${faithfulnessOr(check.faithfulness)}`] : []),
    ...(faithful
      ? [`  the smallest with faithfulness ${faithful.wanted} or more: ${counted(faithful.evaluations, 'evaluation')}`]
      : []),
    ...(minMargin
      ? [`  closest decision: ${minMargin.edge}, ${Number(minMargin.margin.toPrecision(2))} from the threshold`]
      : []),
    ...(measured
      ? [...idleLines(measured, '; --drop-idle leaves them out'), ...strongestInCircuit(measured)]
      : headToHead(circuit)),
    'files written',
    ...files.map((file) => `  ${file}`),
  ];
}

function screeningLines({ circuit, tested, edges }: Discovery, screening: Screening): string[] {
  const { cutoff, retested, disagreed, started } = circuit.provenance!.screening!;
  const { scoring, retests, search, plain } = screening;
  const near = Number(cutoff.toPrecision(4));
  const lines = [
    `screened: all edges scored (${scoring.toFixed(1)} s); ${counted(retested, 'edge')} near ${near} tested again, ` +
      `${disagreed} of them on its wrong side (${retests.toFixed(1)} s); the search starts from ` +
      `${counted(started, 'edge')}: ${counted(tested, 'test')} (${search.toFixed(1)} s)`,
  ];
  if (!plain) {
    return [...lines, `ACDC from the whole model decides on ${counted(edges, 'edge')}; --compare runs it too`];
  }
  const { kept, faithfulness, shared, onlyScreened, onlyPlain } = compared(circuit, plain);
  return [
    ...lines,
    `ACDC from the whole model: ${counted(plain.tested, 'test')} in ${plain.seconds.toFixed(1)} s, ` +
      `${counted(kept, 'edge')}, faithfulness ${faithfulness === null ? '-' : fixed(faithfulness, 3)}; ` +
      `${shared} edges in both, ${onlyScreened} only here, ${onlyPlain} only there`,
  ];
}

function searchLines({ circuit, tested, kept, edges, seconds, ...made }: Discovery): string[] {
  const { task, model, prompts, ablation, threshold, trimmed } = circuit.provenance!;
  return [
    `${task.name} on ${model.name}, ${counted(prompts.count, 'prompt')}, ${ablation} ablation`,
    `  kept ${whole(kept)} of ${counted(edges, 'edge')}: ${whole(tested)} tested in ${seconds.toFixed(1)} s at threshold ${threshold}`,
    ...(made.rounds > 0 ? [`  ${roundsOf(made)}`] : []),
    ...(trimmed
      ? [`  ${whole(trimmed.found)} were kept at that threshold; those that are worth least in it are left out`]
      : []),
  ];
}

/** What the tests of this run took. */
function roundsOf({
  evaluations,
  rounds,
  wrongGuesses,
}: Pick<Discovery, 'evaluations' | 'rounds' | 'wrongGuesses'>): string {
  const guesses = wrongGuesses > 0 ? `, ${counted(wrongGuesses, 'wrong guess', 'wrong guesses')}` : '';
  return `${counted(evaluations, 'circuit')} evaluated in ${counted(rounds, 'submission')}${guesses}`;
}

function choiceLines({ circuit, kept, edges, seconds }: Discovery, selection: Selection): string[] {
  const { record } = selection;
  const { task, model, prompts, ablation, method } = circuit.provenance!;
  const choice = `${method}, ${describeSelection(record)}`;
  return [
    `${task.name} on ${model.name}, ${counted(prompts.count, 'prompt')}, ${ablation} ablation: ${choice}`,
    `  kept ${whole(kept)} of ${counted(edges, 'edge')} (${whole(record.chosen)} chosen, then pruned) in ${seconds.toFixed(1)} s`,
    ...describeTies(selection).map((tie) => `  ${tie}`),
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

const faithfulnessOr = (value: number | null): string =>
  value === null ? 'undefined' : `faithfulness ${fixed(value, 3)}`;

const value = (metric: number): string => fixed(metric, 4);
