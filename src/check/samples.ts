import { createRng } from '../base/rng.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { PromptPair } from '../task/types.js';
import type { CheckCase } from './cases.js';

/** Prompts of a case: random tokens, lengths that differ, one metric position that is not the last. */
export function checkPairs(check: CheckCase): PromptPair[] {
  const rng = createRng(1000 + check.modelSeed);
  const { vocab } = check.spec;
  return Array.from({ length: check.prompts }, (_, n) => {
    const length = check.sequence - (n % 3);
    const clean = Array.from({ length }, () => rng.below(vocab));
    // The first token agrees, as it does in real tasks.
    const corrupted = clean.map((id, position) => (position === 0 ? id : rng.below(vocab)));
    const [first, second, third] = rng.sample(
      Array.from({ length: vocab }, (_unused, id) => id),
      3,
    );
    const position = n === 1 ? length - 2 : length - 1;
    return { clean, corrupted, position, correct: [first!, second!], wrong: [third!] };
  });
}

/** The full and the empty circuit, then random ones of falling density, every other one with cut direct edges. */
export function checkCircuits(check: CheckCase, topology: Topology): EdgeSet[] {
  const rng = createRng(2000 + check.modelSeed);
  const random = Array.from({ length: check.circuits }, (_, i) => {
    const density = 1 - (i + 1) / (check.circuits + 1);
    return EdgeSet.where(topology, (id) => {
      const drawn = rng.next();
      if (id < topology.additionEdges) return drawn < density;
      return i % 2 === 0 || drawn < 0.7;
    });
  });
  return [EdgeSet.full(topology), EdgeSet.empty(topology), ...random];
}
