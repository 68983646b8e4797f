import { quote } from '../../base/text.js';
import { StageReader } from './stage-reader.js';

/**
 * Ids of the special tokens that a tokenizer.json's `post_processor` puts before every text. What it puts behind a text
 * is left out, because a prompt is to be continued.
 *
 * @param where the file, for messages.
 * @throws EdgewiseError of kind config that names a stage which is not supported.
 */
export function specialPrefix(json: unknown, where: string): number[] {
  return json === null ? [] : prefixOf(new StageReader(json, `${where}: post_processor`));
}

function prefixOf(stage: StageReader): number[] {
  switch (stage.type) {
    case 'Sequence':
      // Each stage puts its tokens around what the stages before it made.
      return stage.stages('processors').map(prefixOf).reverse().flat();
    case 'ByteLevel':
      return [];
    case 'BertProcessing':
    case 'RobertaProcessing':
      return [pairId(stage)];
    case 'TemplateProcessing':
      return templatePrefix(stage);
    default:
      return stage.refuse('is a post-processor that is not supported');
  }
}

function pairId(stage: StageReader): number {
  const cls = stage.value('cls');
  const id: unknown = Array.isArray(cls) ? cls[1] : undefined;
  return isId(id) ? id : stage.fail('cls', 'a token and its id');
}

function templatePrefix(stage: StageReader): number[] {
  const single = stage.value('single');
  if (!Array.isArray(single)) return stage.fail('single', 'a list');
  const isText = (item: unknown): boolean => typeof item === 'object' && item !== null && 'Sequence' in item;
  if (single.filter(isText).length !== 1) stage.fail('single', 'a list with the text in it once');
  return single.slice(0, single.findIndex(isText)).flatMap((item) => specialIds(item, stage));
}

/** The ids of one special token of a template. Its name there need not be the token's text. */
function specialIds(item: unknown, stage: StageReader): number[] {
  const name = member(member(item, 'SpecialToken'), 'id');
  const ids = typeof name === 'string' ? member(member(stage.value('special_tokens'), name), 'ids') : undefined;
  if (Array.isArray(ids) && ids.every(isId)) return ids;
  return stage.fail('special_tokens', `ids of ${quote(name ?? item)}`);
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
