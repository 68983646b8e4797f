import type { Ablation, InputKind } from '../circuit/run-identity.js';

export interface PatchOptions {
  readonly ablation: Ablation;
  readonly input: InputKind;
}
