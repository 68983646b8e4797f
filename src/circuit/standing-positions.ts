import type { Circuit } from './circuit.js';
import { isAttentionPort } from './nodes.js';
import { writersBehind } from './reachability.js';

/** Attention of a head on some prompts: patterns [n, n] row-major, n = tokens of the prompt, row = query. */
export type Patterns = readonly ArrayLike<number>[];

/** What standing positions follow from. */
export interface StandingUse {
  readonly circuit: Pick<Circuit, 'topology' | 'kept' | 'directTested'>;
  /** Per prompt its number of tokens, and the index of the token whose prediction is measured. */
  readonly prompts: readonly { readonly length: number; readonly position: number }[];
  /** By the head's writer. A head without patterns counts as if it attended to where it stands. */
  readonly attention: ReadonlyMap<number, Patterns>;
  /** How much an edge counts on a prompt. Not negative. */
  readonly weight: (edge: number, prompt: number) => number;
}

/**
 * Per writer and prompt the position at which the writer's output is used. The kept edges are walked backwards from
 * `logits`, which stands at the measured position. An edge into a query, an MLP or `logits` uses its sender where the
 * reader stands. An edge into a key or a value uses its sender at the position that the reader attends to most from
 * where it stands. Each edge votes for a position with its weight, once for each head that reads its port. The
 * position with the largest sum wins, of equal ones the first. A writer that nothing reads stands at the measured
 * position.
 *
 * Attention at other positions than the one attended to most is left out: a position is where most of an output goes.
 */
export function standingPositions({ circuit, prompts, attention, weight }: StandingUse): number[][] {
  const { topology, kept, directTested } = circuit;
  const standing = topology.writers.map(() => prompts.map(({ position }) => position));
  const isRead = topology.writers.map(() => false);
  const votes = topology.writers.map(() => prompts.map(() => new Map<number, Vote>()));
  const settle = (writer: number): void => {
    votes[writer]!.forEach((perPosition, n) => (standing[writer]![n] = winner(perPosition) ?? standing[writer]![n]!));
  };

  // A writer's readers are later ports, so its votes are complete when the first of its own ports has its turn.
  const settled = topology.writers.map(() => false);
  for (let port = topology.ports.length - 1; port >= 0; port--) {
    const reader = topology.ports[port]!;
    const owners = writersBehind(topology, port);
    for (const owner of owners) {
      if (!settled[owner]) settle(owner);
      settled[owner] = true;
    }
    if (directTested && isAttentionPort(reader) && !kept.has(topology.directEdge(port))) continue;
    const readers = port === topology.logitsPort ? [undefined] : owners.filter((owner) => isRead[owner]);
    const isMixed = isAttentionPort(reader) && reader.branch !== 'q';
    const first = topology.firstEdge(port);
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      if (!kept.has(first + writer)) continue;
      for (const owner of readers) {
        isRead[writer] = true;
        prompts.forEach(({ length, position }, n) => {
          const stands = owner === undefined ? position : standing[owner]![n]!;
          const pattern = isMixed ? attention.get(owner!)?.[n] : undefined;
          const used = pattern ? mostAttended(pattern, length, stands) : stands;
          const perPosition = votes[writer]![n]!;
          const { weight: sum, count } = perPosition.get(used) ?? { weight: 0, count: 0 };
          perPosition.set(used, { weight: sum + weight(first + writer, n), count: count + 1 });
        });
      }
    }
  }
  votes.forEach((_, writer) => {
    if (!settled[writer]) settle(writer);
  });
  return standing;
}

interface Vote {
  readonly weight: number;
  readonly count: number;
}

/** The position with the most weight. Where no vote has any, the one with the most votes. */
function winner(votes: ReadonlyMap<number, Vote>): number | undefined {
  const byPosition = [...votes].sort(([a], [b]) => a - b);
  const weighed = byPosition.some(([, vote]) => vote.weight > 0);
  let best: { readonly position: number; readonly value: number } | undefined;
  for (const [position, vote] of byPosition) {
    const value = weighed ? vote.weight : vote.count;
    if (best === undefined || value > best.value) best = { position, value };
  }
  return best?.position;
}

/** The token that a query attends to most, of equal ones the first. @param pattern [length, length] */
export function mostAttended(pattern: ArrayLike<number>, length: number, query: number): number {
  return largestOf(pattern, query * length, query + 1);
}

/** Place of the largest of some numbers, of equal ones the first: of all, or of `count` from the place `first` on. */
export function largestOf(numbers: ArrayLike<number>, first = 0, count = numbers.length): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (numbers[first + i]! > numbers[first + best]!) best = i;
  return best;
}
