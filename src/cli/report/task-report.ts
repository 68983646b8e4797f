import { counted, quote } from '../../base/text.js';
import type { BothSides, TaskBehaviour } from '../../evaluate/task-behaviour.js';
import type { TokenText } from '../../inspect/circuit-details.js';
import { countFaults } from '../../task/fault.js';
import type { ReadTask, RowVerdict } from '../../task/load-task.js';
import type { PromptPair } from '../../task/types.js';
import { fixed, table } from './text-report.js';

/** What `check-task` found. */
export interface TaskReport {
  readonly source: string;
  readonly read: ReadTask;
  readonly remarks: readonly string[];
  /** Null where no row can be used. */
  readonly behaviour: TaskBehaviour | null;
  readonly warnings: readonly string[];
  readonly tokenText: TokenText;
}

export function textTaskReport({ source, read, remarks, behaviour, warnings, tokenText }: TaskReport): string {
  const { verdicts } = read;
  const faults = verdicts.flatMap((verdict) => ('fault' in verdict ? [verdict.fault] : []));
  const kinds = read.kinds.length > 0 ? `, in the fields of ${read.kinds.join(' and ')}` : '';
  const lines = [
    `${source}: ${read.format}${kinds}, ${counted(read.rows, 'row')}`,
    `  accepted  ${places(verdicts, source, (verdict) => 'checked' in verdict)}`,
    `  refused   ${faults.length === 0 ? '0' : `${faults.length} (${countFaults(faults)})`}`,
    ...faults.map((fault) => `    ${within(fault.where, source)}: ${fault.what}`),
    ...remarks.map((remark) => `  note: ${remark}`),
  ];
  const first = verdicts.find((verdict) => 'checked' in verdict);
  if (first && 'checked' in first) {
    lines.push(`first pair, ${within(first.where, source)}`, ...promptView(first.checked.pair, tokenText));
  }
  if (behaviour) lines.push(`the whole model on ${counted(behaviour.prompts, 'pair')}`, ...behaviourRows(behaviour));
  lines.push(...warnings.map((warning) => `warning: ${warning}`));
  return `${lines.join('\n')}\n`;
}

export function jsonTaskReport({ source, read, remarks, behaviour, warnings, tokenText }: TaskReport): string {
  const { format, kinds, rows } = read;
  const report = {
    source,
    format,
    kinds,
    rows,
    verdicts: read.verdicts.map((verdict) =>
      'fault' in verdict
        ? {
            where: within(verdict.where, source),
            accepted: false,
            kind: verdict.fault.fault,
            fault: verdict.fault.what,
          }
        : { where: within(verdict.where, source), accepted: true, ...tokensOf(verdict.checked.pair, tokenText) },
    ),
    notes: remarks,
    model: behaviour,
    warnings,
  };
  return `${JSON.stringify(report)}\n`;
}

/** A pair token by token, special tokens as text: position, clean, corrupted where it differs, and what is measured. */
export function promptView({ position, ...pair }: PromptPair, tokenText: TokenText): string[] {
  const { clean, corrupted, correct, wrong, answer } = tokensOf({ position, ...pair }, tokenText);
  const quoted = (texts: readonly string[]): string => texts.map((text) => quote(text)).join(' ');
  const rows = clean.map((text, t) => [
    `  ${t === position ? '>' : ' '}${t}`,
    String(pair.clean[t]),
    quote(text),
    pair.clean[t] === pair.corrupted[t] ? '' : `| ${pair.corrupted[t]} ${quote(corrupted[t])}`,
  ]);
  const answers = [
    `  right after token ${position}: ${answer ? `${quoted(answer)}, the whole answer` : quoted(correct) || 'none given'}`,
    ...(wrong.length > 0 ? [`  wrong: ${quoted(wrong)}`] : []),
  ];
  return [...table(rows, [0, 1]), ...answers];
}

interface PairTokens {
  readonly clean: readonly string[];
  readonly corrupted: readonly string[];
  readonly position: number;
  readonly correct: readonly string[];
  readonly wrong: readonly string[];
  readonly answer?: readonly string[];
}

function tokensOf(
  { clean, corrupted, position, correct, wrong, answer }: PromptPair,
  tokenText: TokenText,
): PairTokens {
  const texts = (ids: readonly number[]): string[] => ids.map((id) => tokenText(id));
  return {
    clean: texts(clean),
    corrupted: texts(corrupted),
    position,
    correct: texts(correct),
    wrong: texts(wrong),
    ...(answer && { answer: texts(answer) }),
  };
}

function behaviourRows({ accuracy, preferred, logitDifference, logProbability, kl }: TaskBehaviour): string[] {
  const row = (name: string, values: BothSides | null, show: (value: number) => string): string[][] =>
    values === null ? [] : [[`  ${name}`, show(values.clean), show(values.corrupted)]];
  const percent = (share: number): string => `${fixed(100 * share, 1)} %`;
  const rows = [
    ...row('the most probable token is a right answer', accuracy, percent),
    ...row('a right answer is preferred to a wrong one', preferred, percent),
    ...row('mean logit difference', logitDifference, (value) => fixed(value, 4)),
    ...row('log-probability of the right answers', logProbability, (value) => fixed(value, 4)),
  ];
  const divergence = `  KL from the clean to the corrupted prediction: ${fixed(kl, 4)} nats`;
  return rows.length === 0 ? [divergence] : [...table([['', 'clean', 'corrupted'], ...rows], [1, 2]), divergence];
}

/** `7 (line 1 to line 6, line 8)` */
function places(verdicts: readonly RowVerdict[], source: string, want: (verdict: RowVerdict) => boolean): string {
  const runs: RowVerdict[][] = [];
  verdicts.forEach((verdict, i) => {
    if (!want(verdict)) return;
    if (i > 0 && want(verdicts[i - 1]!)) runs.at(-1)!.push(verdict);
    else runs.push([verdict]);
  });
  const count = runs.reduce((sum, run) => sum + run.length, 0);
  const told = runs.map((run) => {
    const [from, to] = [within(run[0]!.where, source), within(run.at(-1)!.where, source)];
    return run.length === 1 ? from : `${from} to ${to}`;
  });
  return count === 0 ? '0' : `${count} (${told.join(', ')})`;
}

/** `line 7` of `tasks/mine.csv, line 7`. */
function within(where: string, source: string): string {
  return where.startsWith(`${source}, `) ? where.slice(source.length + 2) : where;
}
