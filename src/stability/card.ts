import { counted } from '../base/text.js';
import { keptEdges } from '../circuit/circuit.js';
import type { Stability, Variation } from './report.js';

/** What was done again, in words. */
const AGAIN: Readonly<Record<Variation, string>> = {
  prompts: 'on prompts drawn anew from the same',
  templates: 'without the prompts of one template each',
  seeds: 'on prompts drawn with other seeds',
  orders: 'with the heads of a layer in both orders',
  thresholds: 'at neighbouring thresholds',
};

/** How far a circuit can be trusted, in plain words: a sentence each. */
export function stabilityCard(stability: Stability): string[] {
  const { over, draws, full, inclusions, kinds, agreement, withFull } = stability;
  const of = draws.length;
  const own = [...inclusions].filter(([id]) => full.kept.has(id)).map(([, { count }]) => count);
  const always = own.filter((count) => count === of).length;
  const seldom = own.filter((count) => count * 2 < of).length;
  const { jaccard, spearman } = agreement;
  const lines = [
    `The search was made ${of} times again, ${AGAIN[over]}.`,
    `${counted(keptEdges(full), 'edge')} in the circuit: ${always} are found every time, the typical one ${median(own)} of ${of} times, and ${seldom} less than half of the times.`,
    `In all, ${counted(inclusions.size, 'edge')} turned up: ${kinds.core.length} always (core), ${kinds.contingent.length} sometimes (contingent), ${kinds.noise.length} seldom (noise).`,
  ];
  if (jaccard) {
    const scores = spearman ? `; the scores of all edges correlate by ${share(spearman.mean)}` : '';
    lines.push(
      `Two such searches share ${percent(jaccard.mean)} of their edges (from ${percent(jaccard.lowest)} to ${percent(jaccard.highest)}), and ${percent(withFull)} with the circuit${scores}.`,
    );
  }
  return [...lines, ...controlLines(stability)];
}

function controlLines({ control, noControl, agreement, kinds }: Stability): string[] {
  if (!control) return [`There is no null control: ${noControl}.`];
  const { shuffled, unchanged, edges, jaccard, byChance, coreShared } = control;
  const what = `With the ${shuffled} shuffled among prompts it finds ${counted(edges, 'edge')}`;
  const lines = [
    `${what}, and shares ${percent(jaccard)} with the circuit (${percent(byChance)} by chance) and ${coreShared} of the ${kinds.core.length} core edges.`,
  ];
  const again = agreement.jaccard?.mean;
  if (again !== undefined) {
    lines.push(
      percent(again - jaccard) !== '0 %' && jaccard < again
        ? `That is ${percent(again - jaccard)} less than two searches of the task share: so much depends on what each prompt asks for.`
        : `Two searches of the task share hardly more than that, if more: this circuit does not tell which prompt has which answer, or the answers are much the same.`,
    );
  }
  if (unchanged > 0)
    lines.push(
      `${counted(unchanged, 'prompt')} got what ${unchanged === 1 ? 'it' : 'they'} had: too many have the same.`,
    );
  return lines;
}

function median(counts: readonly number[]): number {
  const sorted = counts.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}

function share(value: number): string {
  return value.toFixed(2);
}
