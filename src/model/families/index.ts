import type { BosRule } from '../../base/bos-rule.js';
import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import { isObject } from '../../base/json/strict-json.js';
import type { ModelFamily } from './family.js';
import { gemma, gemma2, gemma3, gemma3Text } from './gemma.js';
import { gpt2 } from './gpt2.js';
import { gptNeo } from './gpt-neo.js';
import { gptNeox } from './gpt-neox.js';
import { llama, mistral, olmo2, qwen2, qwen3 } from './llama.js';
import { phi, phi3 } from './phi.js';

/** Every family that is built: a new one is a file beside this and a line here. */
const FAMILIES: readonly ModelFamily[] = [
  gpt2,
  gptNeo,
  gptNeox,
  llama,
  mistral,
  qwen2,
  qwen3,
  gemma,
  gemma2,
  gemma3Text,
  gemma3,
  phi,
  phi3,
  olmo2,
];

/**
 * What decides whether texts begin with the config's beginning-of-text token.
 *
 * @param family `family` of a ModelSpec; the config itself decides for one that is not listed.
 */
export function bosRuleOf(family: string): BosRule {
  return FAMILIES.find(({ modelType }) => modelType === family)?.bos ?? 'config';
}

/** The family that reads this config; unknown ones are refused by name. */
export function familyOf(config: unknown, where: string): ModelFamily {
  const modelType = isObject(config) ? config['model_type'] : undefined;
  const family = FAMILIES.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  const supported = FAMILIES.map((candidate) => candidate.modelType).join(', ');
  const got = modelType === undefined ? 'nothing' : quote(modelType);
  const experts = typeof modelType === 'string' && /moe|mixtral/i.test(modelType);
  throw new EdgewiseError(
    'config',
    where,
    `model_type: got ${got}${experts ? ' (a mixture of experts)' : ''}, expected one of the supported families: ${supported}`,
  );
}
