/** What a cut edge carries (SPEC 2.5). */
export type Ablation = 'resample' | 'zero' | 'mean' | 'mean-positional';
export const ABLATIONS: readonly Ablation[] = ['resample', 'zero', 'mean', 'mean-positional'];

/** Whether position embeddings belong to the writer `input` (ACDC) or are a constant of every port (EAP-IG). */
export type InputWriter = 'token' | 'token+position';
export const INPUT_WRITERS: readonly InputWriter[] = ['token', 'token+position'];

export interface PatchOptions {
  readonly ablation: Ablation;
  readonly input: InputWriter;
}
