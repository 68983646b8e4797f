/** What a cut edge carries: the output on the corrupted prompt, zero, or a mean over prompts (and positions). */
export type Ablation = 'resample' | 'zero' | 'mean' | 'mean-positional';
export const ABLATIONS: readonly Ablation[] = ['resample', 'zero', 'mean', 'mean-positional'];

/** Whether position embeddings belong to the writer `input` (ACDC) or are a constant of every port (EAP-IG). */
export type InputWriter = 'token' | 'token+position';
export const INPUT_WRITERS: readonly InputWriter[] = ['token', 'token+position'];

export interface PatchOptions {
  readonly ablation: Ablation;
  readonly input: InputWriter;
}
