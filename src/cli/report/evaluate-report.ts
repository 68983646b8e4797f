import { finiteOrNull } from '../../base/finite-or-null.js';
import { counted } from '../../base/text.js';
import type { Circuit, Provenance } from '../../circuit/circuit.js';
import { reportOf, DEFAULT_MEASURES, type Evaluation, type ReportCell } from '../../evaluate/measures.js';
import { encodeDraws, type EncodedDraws } from '../../files/own/draws-json.js';
import type { AreaCurve, CircuitReport } from '../../files/own/report-json.js';
import type { FaithfulnessAreas } from '../../judge/areas.js';
import { JUDGEMENTS, type Judgement, type Judgements } from '../../judge/judgements.js';
import type { MeasuredAreas } from '../../run/areas.js';
import { fixed, table, whole } from './text-report.js';

/** All that `evaluate` found; what was not asked for is null. */
export interface Evaluated {
  readonly title: string;
  readonly evaluation: Evaluation | null;
  readonly judgements: Judgements | null;
  readonly areas: MeasuredAreas | null;
  readonly prompts: number;
}

/** One object: keys of the plain measures, `measures` with one object for each judgement, `curves`. */
export function evaluationJson({ evaluation, judgements, areas, prompts }: Evaluated): string {
  const plain = evaluation
    ? { metric: evaluation.metric, prompts, ...reportOf(DEFAULT_MEASURES, evaluation).json }
    : { metric: areas!.metric, prompts, clean: areas!.clean, corrupted: areas!.corrupted };
  const json = {
    ...plain,
    ...(judgements && { measures: measuresJson(judgements) }),
    ...(areas && { curves: areas.curves.map(curveJson) }),
  };
  return `${JSON.stringify(json)}\n`;
}

function measuresJson({ verdicts }: Judgements): Record<string, unknown> {
  return Object.fromEntries(
    verdicts.map(({ name, result, verdict, sentence }) => [
      name.replaceAll('-', '_'),
      { ...result, verdict, sentence },
    ]),
  );
}

function curveJson({ ranking, points, roc, ...areas }: FaithfulnessAreas): AreaCurve {
  return {
    selection: ranking,
    points: points.map((point) => ({
      fraction: point.fraction,
      n: point.taken,
      n_pruned: point.edges,
      nodes: point.nodes,
      faithfulness: point.faithfulness,
      complement_faithfulness: point.complementFaithfulness,
      ndf_mean: point.ndfMean,
      ndf: [...point.ndf],
    })),
    CPR: areas.cpr,
    CMD: areas.cmd,
    CMD_one_sided: areas.cmdOneSided,
    average: areas.average,
    complement_area: areas.complementArea,
    CPR_log: areas.cprLog,
    CMD_log: areas.cmdLog,
    ...(roc && {
      roc: {
        pessimistic_auc: roc.pessimisticArea,
        trapezoid_auc: roc.trapezoidArea,
        average_precision: roc.averagePrecision,
      },
    }),
  };
}

export function evaluationText(evaluated: Evaluated): string {
  const { evaluation, judgements, areas, title } = evaluated;
  const lines = [title];
  if (evaluation) lines.push(...plainTable(evaluation));
  if (judgements) lines.push(...judgementLines(judgements));
  if (areas) lines.push(...areaLines(areas));
  return `${lines.join('\n')}\n`;
}

const WORDS = { good: 'good', bad: 'BAD', unknown: '-' } as const;

function judgementLines({ verdicts }: Judgements): string[] {
  return table(verdicts.map(({ name, verdict, sentence }) => [`  ${name}`, WORDS[verdict], sentence]));
}

/** For each ranking a table of points, and the areas. */
function areaLines({ curves }: MeasuredAreas): string[] {
  const number = (value: number | null, digits = 3): string => (value === null ? 'undefined' : fixed(value, digits));
  return curves.flatMap(({ ranking, points, roc, ...areas }) => [
    `circuits from scores, ranked by ${ranking === 'signed' ? 'score' : '|score|'}`,
    ...table(
      [
        ['  share of edges', 'taken', 'left', 'faithfulness', 'without them', 'NDF'],
        ...points.map((point) => [
          `  ${point.fraction}`,
          whole(point.taken),
          whole(point.edges),
          number(point.faithfulness),
          number(point.complementFaithfulness),
          number(point.ndfMean),
        ]),
      ],
      [1, 2, 3, 4, 5],
    ),
    `  CPR ${number(areas.cpr)} (higher is better, 0.999 is the whole behaviour throughout), mean ${number(areas.average)}`,
    `  CMD ${number(areas.cmd)}, one-sided ${number(areas.cmdOneSided)} (lower is better, 0 is best)`,
    `  without the circuit ${number(areas.complementArea)} (lower is better: the circuits are needed)`,
    ...(roc
      ? [
          `  true edges: ROC area ${number(roc.trapezoidArea)} (pessimistic ${number(roc.pessimisticArea)}), 0.5 is chance; average precision ${number(roc.averagePrecision)}`,
        ]
      : []),
  ]);
}

const COLUMNS: readonly ReportCell['column'][] = ['metric', 'faithfulness', 'accuracy', 'edges', 'remark'];
/** Rows in their order. Rows of other measures come after the random circuit. */
const [FIRST, LAST] = [['whole model', 'circuit', 'random circuit'], ['empty circuit']];

function plainTable(evaluation: Evaluation): string[] {
  const { cells } = reportOf(DEFAULT_MEASURES, evaluation);
  const others = [...new Set(cells.map(({ of }) => of))].filter((row) => ![...FIRST, ...LAST].includes(row));
  const cell = (row: string, column: ReportCell['column']): string => {
    const found = cells.find((one) => one.of === row && one.column === column);
    return found ? cellText(found) : '';
  };
  const rows = [
    ['', evaluation.metric, ...COLUMNS.slice(1, -1), ''],
    ...[...FIRST, ...others, ...LAST].map((row) => [`  ${row}`, ...COLUMNS.map((column) => cell(row, column))]),
  ];
  return table(rows, [1, 2, 3, 4]);
}

export function evaluationTitle(task: string, prompts: number, ablation: string, metric: string): string {
  return `${task}, ${counted(prompts, 'prompt')}, ${ablation} ablation; ${metric} in loss form, lower is better`;
}

function cellText({ column, value }: ReportCell): string {
  if (value === null) return 'undefined';
  if (typeof value === 'string') return value;
  switch (column) {
    case 'metric':
      return fixed(value, 4);
    case 'faithfulness':
      return fixed(value, 3);
    case 'accuracy':
      return `${(100 * value).toFixed(1)} %`;
    default:
      return whole(value);
  }
}

/** A file that was measured. */
export interface MeasuredFile {
  readonly name: string;
  readonly sha256: string;
}

/** What report.json says of how it was measured, besides the circuit and the scores. */
export type ReportSetting = Omit<CircuitReport['of'], 'circuit' | 'scores'>;

export function circuitReport(
  { judgements, areas }: Evaluated,
  of: ReportSetting,
  {
    circuit,
    scores,
    seed,
  }: {
    readonly circuit: (MeasuredFile & { readonly circuit: Circuit; readonly found: Provenance | null }) | null;
    readonly scores: MeasuredFile | null;
    readonly seed: number;
  },
): Omit<CircuitReport, 'schema_version'> {
  const numbers = (values: readonly number[]): (number | null)[] => values.map(finiteOrNull);
  return {
    of: {
      ...of,
      circuit: circuit && {
        name: circuit.name,
        sha256: circuit.sha256,
        method: circuit.found?.method ?? null,
        edges: circuit.circuit.kept.additionSize,
        total_edges: circuit.circuit.topology.additionEdges,
      },
      scores,
    },
    per_prompt: judgements && {
      whole: numbers(judgements.perPrompt.whole),
      circuit: numbers(judgements.perPrompt.circuit),
      complement: numbers(judgements.perPrompt.complement),
      empty: numbers(judgements.perPrompt.empty),
    },
    measures: (judgements?.verdicts ?? []).map(({ name, verdict, sentence, value, result }) => {
      const { about, source } = JUDGEMENTS[name] as Judgement;
      return { name, about, source, verdict, sentence, value: finiteOrNull(value ?? undefined), result };
    }),
    draws: judgements?.draws && circuit ? { seed, ...drawsOf(judgements, circuit.circuit) } : null,
    curve: circuit?.circuit.inCircuit ? circuit.circuit.inCircuit.curve.map((point) => ({ ...point })) : null,
    stability: circuit ? stabilityOf(circuit.circuit) : null,
    curves: areas && areas.curves.map(curveJson),
  };
}

/** How often the edges that a circuit keeps were found, where its file says that. */
function stabilityOf({ topology, kept, stability }: Circuit): CircuitReport['stability'] {
  if (!stability) return null;
  return [...stability]
    .filter(([id]) => kept.has(id))
    .map(([id, found]) => ({ edge: topology.edgeName(id), ...found }));
}

function drawsOf({ draws, levels }: Judgements, { topology }: Circuit): EncodedDraws {
  return encodeDraws(draws!, levels, topology);
}
