/** A part of a sentence that stands for nodes and edges of the circuit, which light up with it. */
export interface Noun {
  readonly text: string;
  /** Names of nodes and edges. */
  readonly lights: readonly string[];
}

/** A sentence, in parts that are read one after the other. */
export type Sentence = readonly (string | Noun)[];

/** `1.0, 1.1 and 1.2`; of more than `most`, `1.0, 1.1 and 4 more`, where the rest lights up together. */
export function listed(nouns: readonly Noun[], most: number): Sentence {
  const shown = nouns.length > most ? nouns.slice(0, most - 1) : nouns;
  const rest = nouns.slice(shown.length);
  const items: readonly Noun[] =
    rest.length > 0 ? [...shown, { text: `${rest.length} more`, lights: rest.flatMap(({ lights }) => lights) }] : shown;
  return items.flatMap((item, i) => (i === 0 ? [item] : [i === items.length - 1 ? ' and ' : ', ', item]));
}

/** The sentence as plain text. */
export function textOf(sentence: Sentence): string {
  return sentence.map((part) => (typeof part === 'string' ? part : part.text)).join('');
}

/** Sentences as Markdown under a title. What would be markup stands as it is. */
export function sentencesMarkdown(title: string, sentences: readonly Sentence[]): string {
  const plain = (text: string): string => text.replaceAll(/[\\`*_{}[\]<>#|~]/g, (sign) => `\\${sign}`);
  return `### ${plain(title.replaceAll(/\s+/g, ' '))}\n\n${sentences.map((one) => `- ${plain(textOf(one))}\n`).join('')}`;
}
