import type { CircuitDetails } from '../../src/circuit/details.js';
import type { CircuitData } from '../data/circuit-data.js';

/**
 * The rows of a head's attention that the circuit uses, in the order of the tokens: that of the token where the head
 * stands (see standingPositions), and that of the measured token where the circuit keeps the head's edge to the logits.
 * In a mean over prompts: those that at least half of the prompts use. Empty where nothing is known of it.
 */
export function usedRows(
  details: CircuitDetails,
  { edgeById }: CircuitData,
  head: string,
  prompt: number | null,
): readonly number[] {
  const at = Object.hasOwn(details.nodes, head) ? details.nodes[head]!.at : null;
  const isMeasured = edgeById.get(`${head}->logits`)?.inCircuit === true;
  const ofPrompt = (n: number): readonly number[] => {
    const rows = [at?.[n], isMeasured ? details.prompts[n]?.position : undefined];
    return [...new Set(rows.filter((row) => row !== undefined))];
  };
  if (prompt !== null) return ofPrompt(prompt).toSorted(inOrder);
  const votes = new Map<number, number>();
  details.prompts.forEach((_, n) => {
    for (const row of ofPrompt(n)) votes.set(row, (votes.get(row) ?? 0) + 1);
  });
  const used = [...votes].filter(([, count]) => 2 * count >= details.prompts.length).map(([row]) => row);
  return used.sort(inOrder);
}

function inOrder(a: number, b: number): number {
  return a - b;
}
