import type { PromptDetails } from '../../src/circuit/details.js';
import type { AttributionGraph } from '../../src/files/tools/read-attribution-graph.js';
import { logitToken } from '../data/attribution-data.js';
import type { ViewerDocument } from '../data/document.js';

/** A prompt in one line, and what is predicted after it. */
export interface PromptStrip {
  readonly tokens: readonly StripToken[];
  /** Null where the file names no answer. */
  readonly answer: StripAnswer | null;
  /** Mean logit of the right answers minus that of the wrong ones. Null where it is not known. */
  readonly logitDifference: number | null;
  /** Index of the prompt, and how many there are. */
  readonly index: number;
  readonly of: number;
}

export interface StripToken {
  readonly text: string;
  /** The token of the corrupted prompt, where it is another one. */
  readonly instead: string | null;
  /** It is the right answer, or a wrong one. */
  readonly role: 'answer' | 'wrong' | null;
  /** The prediction after this token is measured. */
  readonly measured: boolean;
}

export interface StripAnswer {
  readonly text: string;
  /** Further right answers, whose probability is counted too. */
  readonly others: number;
  /** Null where it was not measured. */
  readonly probability: number | null;
}

/**
 * The strip of a document: of the chosen prompt, of the first one where the page shows the mean over prompts, or of the
 * prompt of an attribution graph. Null where no prompt is known.
 */
export function stripOf(document: ViewerDocument, prompt: number | null): PromptStrip | null {
  if (!document.circuit) return stripOfGraph(document.graph);
  const prompts = document.details?.prompts ?? [];
  const index = prompt ?? 0;
  const shown = prompts[index];
  return shown ? { ...stripOfPrompt(shown), index, of: prompts.length } : null;
}

function stripOfPrompt(prompt: PromptDetails): Pick<PromptStrip, 'tokens' | 'answer' | 'logitDifference'> {
  const { clean, corrupted, position, correct, wrong, logitDifference, probability } = prompt;
  const [right, other] = [wordsOf(correct), wordsOf(wrong)];
  return {
    tokens: clean.map((text, i) => ({
      text,
      instead: corrupted[i] === text ? null : (corrupted[i] ?? null),
      role: right.has(text.trim()) ? 'answer' : other.has(text.trim()) ? 'wrong' : null,
      measured: i === position,
    })),
    answer:
      correct[0] === undefined
        ? null
        : { text: correct[0], others: correct.length - 1, probability: probability?.correct ?? null },
    logitDifference,
  };
}

/** More answers than these are a class of tokens, such as all later years: a token of the prompt is none of them. */
const MOST_ANSWERS = 3;

function wordsOf(answers: readonly string[]): ReadonlySet<string> {
  if (answers.length > MOST_ANSWERS) return new Set();
  return new Set(answers.map((answer) => answer.trim()).filter((word) => word !== ''));
}

/** The likeliest of the graph's logits is its answer. */
function stripOfGraph({ tokens, nodes }: AttributionGraph): PromptStrip {
  const logits = nodes.filter(({ kind }) => kind === 'logit');
  const [likeliest] = logits.toSorted((a, b) => (b.probability ?? 0) - (a.probability ?? 0));
  const end = Math.max(-1, ...logits.map(({ position }) => position));
  return {
    tokens: tokens.map((text, i) => ({ text, instead: null, role: null, measured: i === end })),
    answer: likeliest ? { text: logitToken(likeliest), others: 0, probability: likeliest.probability } : null,
    logitDifference: null,
    index: 0,
    of: 1,
  };
}
