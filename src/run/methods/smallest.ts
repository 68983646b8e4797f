import { lowerUntil } from '../../discover/falling-thresholds.js';
import type { RunAids } from '../aids.js';
import type { Discovery } from '../discovery.js';
import type { OptionNaming } from '../options.js';
import type { Search } from '../search.js';
import { refuseUnreached, type Discoveries } from './definition.js';

/**
 * The smallest circuit that a search finds of a faithfulness. The threshold is lowered until the circuit has it. Then
 * the edges that are worth least in the circuit go.
 *
 * @param first threshold to start at.
 * @param at makes the search at a threshold.
 * @throws EdgewiseError of kind usage where no threshold keeps a circuit that is as faithful as wanted.
 */
export async function smallestFrom(
  first: number,
  wanted: number,
  at: (threshold: number) => Promise<Discovery>,
  searches: Search,
  { progress }: RunAids,
  nameOf: OptionNaming,
): Promise<Discoveries> {
  const isFaithful = ({ faithfulness }: Discovery): boolean => faithfulness !== null && faithfulness >= wanted;
  const all = await lowerUntil(first, at, isFaithful);
  const found = all.at(-1)!;
  if (!isFaithful(found)) {
    const tried = `the circuit at threshold ${found.circuit.provenance!.threshold}`;
    refuseUnreached(wanted, found.faithfulness, tried, nameOf);
  }
  const trimmed = await searches.trim(found, wanted, (one) =>
    progress?.({ ...one, unit: 'passes', measured: one.done }),
  );
  const before = all.slice(0, -1).reduce((sum, { evaluations }) => sum + evaluations, 0);
  const smallest = { ...trimmed, faithful: { wanted, evaluations: before + trimmed.evaluations } };
  return { chosen: [smallest], all: all.toSorted((a, b) => thresholdOf(a) - thresholdOf(b)) };
}

const thresholdOf = ({ circuit }: Discovery): number => circuit.provenance!.threshold!;
