import type { PromptPair } from '../task/types.js';

/**
 * Positions of the tokens that spell a text in the clean prompt: those that its first mention touches, spaces at its
 * ends apart. Empty where the prompt does not have it, or no texts of its tokens.
 */
export function positionsOfText({ texts, clean }: PromptPair, text: string): number[] {
  const tokens = texts?.clean;
  if (!tokens || tokens.length !== clean.length) return [];
  const wanted = text.trim();
  const start = tokens.join('').indexOf(wanted);
  if (wanted === '' || start === -1) return [];
  const end = start + wanted.length;
  let at = 0;
  return tokens.flatMap((token, position) => {
    const [from, to] = [at, (at += token.length)];
    return to > start && from < end && token.trim() !== '' ? [position] : [];
  });
}
