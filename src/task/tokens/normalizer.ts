import { blanksBefore, blanksBehind, patternOf, SPACE } from './patterns.js';
import { StageReader } from './stage-reader.js';

/** Changes a text before it is cut into tokens. */
export type Normalizer = (text: string) => string;

/** What a tokenizer.json has for a normalizer, and what it cannot do exactly. */
export interface ReadNormalizer {
  readonly normalize: Normalizer;
  /** Whether what a text begins with always comes from the very start of the text as it was given. */
  readonly keepsStart: boolean;
  readonly notes: readonly string[];
}

/** The ideographs that BERT puts blanks around. The gap below U+2B920 is the Rust library's own. */
const IDEOGRAPH =
  /[\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{f900}-\u{faff}\u{2f800}-\u{2fa1f}]/gu;

const BLANK = new RegExp(SPACE, 'gu');

/**
 * Reads the `normalizer` of a tokenizer.json. Each stage does what the Rust library's does.
 *
 * @param where the file, for messages.
 * @throws EdgewiseError of kind config that names a stage which is not supported.
 */
export function readNormalizer(json: unknown, where: string): ReadNormalizer {
  const notes: string[] = [];
  const normalize =
    json === null ? (text: string): string => text : build(new StageReader(json, `${where}: normalizer`), notes);
  return { normalize, keepsStart: json === null || keepsStart(new StageReader(json, where)), notes };
}

function keepsStart(stage: StageReader): boolean {
  switch (stage.type) {
    case 'Sequence':
      return stage.stages('normalizers').every(keepsStart);
    case 'Strip':
      return !stage.flag('strip_left', true);
    case 'Replace':
      // Behind a blank nothing is put, wherever it came from.
      return /^[ \u2581]/.test(stage.text('content'));
    default:
      return /^(NFK?[CD]|Lowercase|Precompiled)$/.test(stage.type);
  }
}

function build(stage: StageReader, notes: string[]): Normalizer {
  switch (stage.type) {
    case 'Sequence': {
      const stages = stage.stages('normalizers').map((child) => build(child, notes));
      return (text) => stages.reduce((changed, normalize) => normalize(changed), text);
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = stage.type;
      return (text) => {
        stage.limit(text.length);
        return text.normalize(form);
      };
    }
    case 'Lowercase':
      return lowercase;
    case 'StripAccents':
      return (text) => text.replace(/\p{M}/gu, '');
    case 'Strip':
      return strip(stage.flag('strip_left', true), stage.flag('strip_right', true));
    case 'Prepend': {
      const prefix = stage.text('prepend');
      return (text) => {
        stage.limit(text.length + prefix.length);
        return text === '' ? '' : prefix + text;
      };
    }
    case 'Replace': {
      const pattern = patternOf(stage);
      const content = stage.text('content');
      return (text) => {
        let { length } = text;
        // A function, because `$&` in a text would stand for the match.
        return text.replace(pattern, (match: string) => {
          stage.limit((length += content.length - match.length));
          return content;
        });
      };
    }
    case 'BertNormalizer':
      return bert(stage);
    case 'Precompiled':
      notes.push(
        'the normalizer Precompiled is approximated by Unicode NFKC: unusual characters may become other tokens than in the Rust library',
      );
      return nfkcForPrecompiled;
    default:
      return stage.refuse('is a normalizer that is not supported');
  }
}

/** One character at a time. JavaScript's own lower case of a final sigma depends on its neighbours. */
function lowercase(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase();
}

function strip(left: boolean, right: boolean): Normalizer {
  return (text) => {
    const start = left ? blanksBehind(text, 0) : 0;
    return text.slice(start, right ? blanksBefore(text, text.length, start) : text.length);
  };
}

function bert(stage: StageReader): Normalizer {
  const clean = stage.flag('clean_text', true);
  const chinese = stage.flag('handle_chinese_chars', true);
  const lower = stage.flag('lowercase', true);
  const accents = stage.flag('strip_accents', lower);
  return (original) => {
    let text = original;
    if (clean) text = text.replace(/[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/gu, '').replace(BLANK, ' ');
    if (chinese) text = text.replace(IDEOGRAPH, ' $& ');
    if (accents) text = text.normalize('NFD').replace(/\p{Mn}/gu, '');
    return lower ? lowercase(text) : text;
  };
}

/** The rules of SentencePiece's `nmt_nfkc`, from which nearly all precompiled maps were made. */
function nfkcForPrecompiled(text: string): string {
  return text
    .replace(/[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g, '')
    .replace(/[\t\n\f\r\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2581\u3000\ufeff\ufffd]/g, ' ')
    .split('\uff5e')
    .map((part) => part.normalize('NFKC'))
    .join('\uff5e');
}
