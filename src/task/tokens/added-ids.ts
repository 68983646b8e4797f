import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import type { AddedToken } from './added-tokens.js';

/**
 * Checks the ids of added tokens. The Rust library does not read them: a string of the vocabulary keeps its id, any
 * other gets the next free one. An id that belongs to something else is refused. One that is free, but not the next, is
 * told.
 *
 * @param vocabulary ids of the model's own strings.
 * @param where the file, for messages.
 * @returns what is to be told.
 * @throws EdgewiseError of kind config that names the first token with an id of something else.
 */
export function checkAddedIds(
  tokens: readonly AddedToken[],
  vocabulary: ReadonlyMap<string, number>,
  where: string,
): string[] {
  const owners = new Map([...vocabulary].map(([token, id]) => [id, token]));
  const given = new Map<string, number>();
  const notes: string[] = [];
  let next = vocabulary.size;
  for (const { content, id } of tokens) {
    if (content === '') continue;
    const has = `added_tokens: ${quote(content)} has id ${id}`;
    const known = vocabulary.get(content) ?? given.get(content);
    if (known !== undefined && known !== id) {
      throw new EdgewiseError('config', where, `${has}, expected ${known}, the id that this text has already`);
    }
    const owner = owners.get(id) ?? content;
    if (owner !== content) {
      throw new EdgewiseError('config', where, `${has}, expected another id: ${id} is ${quote(owner)}`);
    }
    if (known === undefined) {
      if (id !== next && notes.length === 0) {
        notes.push(`${where}: ${has}, which is used; the Rust library gives it the next free id, ${next}`);
      }
      next = Math.max(next, id + 1);
    }
    given.set(content, id);
    owners.set(id, content);
  }
  return notes;
}
