import type { Ablation, InputWriter } from '../circuit/run-identity.js';

export interface PatchOptions {
  readonly ablation: Ablation;
  readonly input: InputWriter;
}
