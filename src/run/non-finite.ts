import { EdgewiseError } from '../base/errors.js';
import type { LoadedModel } from '../model/load-model.js';
import { weightTable } from '../model/weight-table.js';

/**
 * Refuses a number of the whole model that is not finite: it makes every comparison meaningless. All weights are then
 * read again, for the message.
 *
 * @param quantity names the number.
 * @throws EdgewiseError of kind checkpoint that says where the weights hold what is behind it.
 */
export async function refuseNonFinite(model: LoadedModel, quantity: string, value: number): Promise<void> {
  if (Number.isFinite(value)) return;
  const cause = await likelyCause(model);
  const what = `the ${quantity} of the whole model is ${value} on the clean prompts: the weights hold NaN or overflow f32`;
  throw new EdgewiseError('checkpoint', model.name, `${what} (${cause})`);
}

/** The first tensor with a number that is not finite, otherwise the largest number. */
async function likelyCause({ spec, weights }: LoadedModel): Promise<string> {
  let largest = 0;
  let holder = '';
  for (const name of weightTable(spec).keys()) {
    for (const value of await weights.read(name)) {
      if (!Number.isFinite(value)) return `${name} holds ${value}`;
      if (Math.abs(value) <= largest) continue;
      largest = Math.abs(value);
      holder = name;
    }
  }
  const size = `the largest weight is ${largest.toPrecision(3)}, in ${holder}`;
  return `${size}; a norm overflows where its input is above about 1e19`;
}
