import type { TapUse, Taps } from '../block/places.js';
import type { BackwardRules } from '../block/rules.js';
import type { InputKind } from '../circuit/run-identity.js';
import type { Tensor } from '../gpu/arena.js';

/** What becomes of the writers' outputs in a forward pass. */
export type WriterOutputs = 'forget' | 'keep in differences' | 'subtract from differences';

/** What a forward pass runs, and what becomes of it. */
export interface ForwardUse extends TapUse {
  readonly side: 'clean' | 'corrupted';
  /** Index of the first writer group to compute; streams before it are those of the last pass. */
  readonly from: number;
  readonly outputs: WriterOutputs;
}

/** How far a backward pass goes, and what looks at it. */
export interface BackwardUse {
  /** Called when the gradient at a place is there, see GradientPass.gradients. */
  readonly taps?: Taps;
  /**
   * Writer group at which to stop: of the ports that read later streams, and of its writers, the gradient is still
   * given.
   */
  readonly until: number;
  /** Layer that no gradient goes through; its ports get none. */
  readonly without?: number;
}

/** How a pass is set up. */
export interface GradientPassUse {
  readonly input: InputKind;
  readonly rules: BackwardRules;
  /** Differences of another pass over the same prompts: this one's runs are moved by them. Default: its own. */
  readonly differences?: Tensor;
  /** Whether scores can be read and set. Default false. */
  readonly scores?: boolean;
}
