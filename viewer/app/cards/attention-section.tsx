import { useState } from 'preact/hooks';
import { visibleToken } from '../../view/format.js';
import { useStore } from '../state/use-store.js';
import { AttentionMap, type Cell } from './attention-map.js';

/** The attention pattern of a head: on one prompt, or the mean if all prompts have the same length. */
export function AttentionSection({ name, attention }: { name: string; attention: readonly Float32Array[] }) {
  const { current, shownPrompt } = useStore();
  const [cell, setCell] = useState<Cell | null>(null);
  const prompts = current.value?.details?.prompts ?? [];
  const equal = attention.every((pattern) => pattern.length === attention[0]?.length);
  const chosen = shownPrompt.value ?? (equal ? null : 0);
  const pattern = chosen === null ? meanOf(attention) : attention[chosen];
  const tokens = chosen === null ? sharedTokens(prompts.map(({ clean }) => clean)) : prompts[chosen]?.clean;
  if (!pattern || !tokens || tokens.length === 0 || pattern.length !== tokens.length ** 2) return null;
  const position = prompts[chosen ?? 0]?.position ?? null;
  const weight = cell ? (pattern[cell.query * tokens.length + cell.key] ?? 0) : 0;
  return (
    <section>
      <h3>
        Attention{' '}
        <span class="quiet">
          {chosen === null ? 'mean over the prompts' : equal ? '' : `prompt ${chosen + 1} (prompts differ in length)`}
        </span>
      </h3>
      <AttentionMap name={name} pattern={pattern} tokens={tokens} position={position} cell={cell} onCell={setCell} />
      <p class="cell" role="status">
        {cell ? (
          <>
            <span class="token">{visibleToken(tokens[cell.query] ?? '')}</span> attends to{' '}
            <span class="token">{visibleToken(tokens[cell.key] ?? '')}</span> with <b>{weight.toFixed(3)}</b>
          </>
        ) : (
          <span class="quiet">
            Rows: query, columns: key; weights from 0 (pale) to 1 (full). Point at a cell, or use the arrow keys.
          </span>
        )}
      </p>
    </section>
  );
}

function meanOf(patterns: readonly Float32Array[]): Float32Array | undefined {
  const [first] = patterns;
  if (!first) return undefined;
  const mean = new Float32Array(first.length);
  for (const pattern of patterns) for (let i = 0; i < mean.length; i++) mean[i]! += pattern[i]! / patterns.length;
  return mean;
}

/** The token at each position if all prompts have the same one, else a dot. */
function sharedTokens(prompts: readonly (readonly string[])[]): string[] {
  return (prompts[0] ?? []).map((token, i) => (prompts.every((tokens) => tokens[i] === token) ? token : '·'));
}
