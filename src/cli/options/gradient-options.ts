import { Option } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { STEP_RULES, type StepRule } from '../../circuit/run-identity.js';
import { BACKWARD_MODES, DEFAULT_STEPS, SCOPES, type BackwardMode, type Scope } from '../../attribute/options.js';
import type { ScoringMethod, ScoringOptions } from '../../run/scoring.js';
import { count } from './options.js';

/** How gradients are taken, as commander hands it over. */
export interface GradientOptions {
  readonly steps?: number;
  readonly stepRule?: StepRule;
  readonly scope?: Scope;
  readonly backward?: BackwardMode;
  readonly freezePatterns: boolean;
  readonly gradDrop: boolean;
}

export const gradientOptionList = (): Option[] => [
  new Option('--steps <n>', 'eap-ig-*: points of the interpolation')
    .argParser(count(1))
    .default(undefined, String(DEFAULT_STEPS)),
  new Option('--step-rule <rule>', 'eap-ig-*: where the points lie').choices(STEP_RULES).default(undefined, 'right'),
  new Option('--scope <edges>', 'eap-ig-activations: the edges that an interpolated group counts for')
    .choices(SCOPES)
    .default(undefined, 'group'),
  new Option('--backward <rule>', 'how gradients go back').choices(BACKWARD_MODES).default(undefined, 'plain'),
  new Option('--freeze-patterns', 'relp: attention patterns are constants').default(false),
  new Option('--grad-drop', 'atp-star: also without the gradient of each layer in turn').default(false),
];

/** Those of the options that are given. */
export function gradientOptions(options: GradientOptions): Partial<ScoringOptions> {
  const { steps, stepRule, scope, backward, freezePatterns, gradDrop } = options;
  return {
    ...(steps !== undefined && { steps }),
    ...(stepRule !== undefined && { rule: stepRule }),
    ...(scope !== undefined && { scope }),
    ...(backward !== undefined && { backward }),
    ...(freezePatterns && { freezePatterns }),
    ...(gradDrop && { gradDrop }),
  };
}

/** Options that the method has no use for are refused rather than left aside. */
export function refuseUnused(
  method: ScoringMethod,
  options: GradientOptions & { readonly directEdges?: boolean; readonly batch?: number; readonly resume?: boolean },
): void {
  const { steps, stepRule, scope, backward, directEdges, batch, resume } = options;
  const interpolates = method === 'eap-ig-inputs' || method === 'eap-ig-activations';
  const takesGradients = method !== 'exact' && method !== 'information-flow';
  refuseGiven(method, [
    ['--steps', steps !== undefined && !interpolates],
    ['--step-rule', stepRule !== undefined && !interpolates],
    ['--scope', scope !== undefined && method !== 'eap-ig-activations'],
    ['--backward', backward !== undefined && !takesGradients],
    ['--direct-edges', directEdges === true && method !== 'exact'],
    ['--batch', batch !== undefined && method !== 'exact'],
    ['--resume', resume === true && method !== 'exact'],
  ]);
}

/** @throws EdgewiseError of kind usage where a gradient option is given to a method that takes none. */
export function refuseGradientOptions(options: GradientOptions & { readonly method: string }): void {
  const { method, steps, stepRule, scope, backward, freezePatterns, gradDrop } = options;
  refuseGiven(method, [
    ['--steps', steps !== undefined],
    ['--step-rule', stepRule !== undefined],
    ['--scope', scope !== undefined],
    ['--backward', backward !== undefined],
    ['--freeze-patterns', freezePatterns],
    ['--grad-drop', gradDrop],
  ]);
}

/** @throws EdgewiseError of kind usage that names the first option given though the method has no use for it. */
export function refuseGiven(method: string, unused: readonly (readonly [option: string, given: boolean])[]): void {
  for (const [option, given] of unused) {
    if (given) throw new EdgewiseError('usage', option, `has no meaning for ${method}`);
  }
}
