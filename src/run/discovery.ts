import type { Circuit } from '../circuit/circuit.js';
import type { Scores } from '../circuit/scores.js';
import type { Selection } from '../discover/select.js';
import type { TraceStep } from '../files/own/trace.js';

/** A circuit that was found, what was measured of it, and how it was found. */
export interface Discovery {
  readonly circuit: Circuit;
  /** (final - empty) / (initial - empty); null where the denominator is too small. */
  readonly faithfulness: number | null;
  /** Metric (loss form) of the whole model, of the circuit and of the empty circuit. */
  readonly initial: number;
  readonly final: number;
  readonly empty: number;
  /** Edges kept, and edges in total that were decided on. */
  readonly kept: number;
  readonly edges: number;
  /** Every test of a search, in order. Empty for a circuit that was chosen from scores. */
  readonly trace: readonly TraceStep[];
  /**
   * Of kept edges that were tested: the effect on every prompt, by the edge's name in the order of ids. The mean over
   * prompts is the edge's effect.
   */
  readonly promptEffects: Readonly<Record<string, readonly number[]>>;
  /** Edges tested. */
  readonly tested: number;
  /** Circuits evaluated for tests. Tests that a journal or a neighbouring threshold held need none. */
  readonly evaluations: number;
  /** Rounds of tests made at once: one submission each, for every micro-batch of prompts. None without a search. */
  readonly rounds: number;
  /** Guesses of decisions that were wrong; what was evaluated on them was in vain. */
  readonly wrongGuesses: number;
  /** The scores that the circuit was chosen from, or that the search was screened by; null for a plain search. */
  readonly scores: Scores | null;
  /** How the circuit was chosen from scores; null for a search. */
  readonly selection: Selection | null;
  /** The circuit is the smallest that was found of a faithfulness. */
  readonly faithful?: FaithfulRecord;
  /** What a screened search took; null for other methods. */
  readonly screening: Screening | null;
  /** From weights resident and pipelines compiled to the last decision, caches included. */
  readonly seconds: number;
}

/** How the smallest circuit of a faithfulness was found. */
export interface FaithfulRecord {
  readonly wanted: number;
  /** Circuits that were evaluated for it in all: tests of searches, and choices that were tried. */
  readonly evaluations: number;
}

/** What the parts of a screened search took, in seconds. */
export interface Screening {
  /** Scores of all edges. */
  readonly scoring: number;
  /** Caches, and the edges that were tested again. */
  readonly retests: number;
  /** The search from the screened circuit. */
  readonly search: number;
  /** The search from the whole model, where it was asked for too. */
  readonly plain: Discovery | null;
}
