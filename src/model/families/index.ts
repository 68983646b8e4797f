import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import { isObject } from '../../base/json/strict-json.js';
import type { ModelFamily } from './family.js';
import { gpt2 } from './gpt2.js';

/** Every family that is built: a new one is a file beside this and a line here. */
const FAMILIES: readonly ModelFamily[] = [gpt2];

/** The family that reads this config; unknown ones are refused by name. */
export function familyOf(config: unknown, where: string): ModelFamily {
  const modelType = isObject(config) ? config['model_type'] : undefined;
  const family = FAMILIES.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  const supported = FAMILIES.map((candidate) => candidate.modelType).join(', ');
  const got = modelType === undefined ? 'nothing' : quote(modelType);
  throw new EdgewiseError(
    'config',
    where,
    `model_type: got ${got}, expected one of the supported families: ${supported}`,
  );
}
