import type { EdgeRecord, NodeRecord } from '../data/circuit-data.js';
import type { Tie } from './limit.js';

/** An effect to three significant digits, its sign written out: `+0.0312`, `−1.20`. */
export function formatEffect(effect: number | null): string {
  if (effect === null || !Number.isFinite(effect)) return 'not measured';
  if (effect === 0) return '0';
  return `${effect < 0 ? '−' : '+'}${formatMagnitude(Math.abs(effect))}`;
}

/** A magnitude to three significant digits. */
export function formatMagnitude(value: number): string {
  if (value === 0) return '0';
  return value < 1e-4 || value >= 1e5 ? value.toExponential(1).replace('-', '−') : value.toPrecision(3);
}

export function formatNumber(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  return `${value < 0 ? '−' : ''}${formatMagnitude(Math.abs(value))}`;
}

/** A whole number with commas between thousands. */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** `12 edges`, `1 edge`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function formatPercent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return '–';
  const percent = 100 * share;
  return `${percent >= 99.95 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** A probability as percent. A small one keeps its size: `0.0012 %`. */
export function formatChance(chance: number): string {
  return chance > 0 && chance < 1e-3 ? `${formatMagnitude(100 * chance)} %` : formatPercent(chance);
}

/**
 * The text of a token. Line breaks and tabs are made visible, and so are the spaces of a token of spaces alone. Other
 * spaces stay spaces.
 */
export function visibleToken(token: string): string {
  const spaced = token.trim() === '' ? token.replaceAll(/[ \u00a0]/g, '␣') : token;
  return spaced.replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll('\r', '␍') || '∅';
}

export function kindName(node: NodeRecord): string {
  switch (node.kind) {
    case 'head':
      return `attention head ${node.head}, layer ${node.layer}`;
    case 'kv':
      return `key/value head ${node.kvGroup}, layer ${node.layer}`;
    case 'mlp':
      return `MLP, layer ${node.layer}`;
    case 'input':
      return 'token embedding';
    case 'logits':
      return 'output';
    case 'feature':
      return `feature, layer ${node.layer}`;
    case 'error':
      return `what the features of layer ${node.layer} leave`;
  }
}

/** Class of the style sheet for the colour of an effect. */
export function effectClass(effect: number | null, signKnown: boolean): string {
  if (!signKnown || effect === null || effect === 0) return 'neutral';
  return effect > 0 ? 'helps' : 'hurts';
}

/** The meaning of an effect in words. */
export function effectWords(effect: number | null, signKnown: boolean): string {
  if (effect === null) return 'not measured';
  if (!signKnown) return effect === 0 ? 'score 0' : effect < 0 ? 'negative score' : 'positive score';
  return effect > 0 ? 'helps the task' : effect < 0 ? 'hurts the task' : 'no effect';
}

/** `9.9 → 10.7 q`. @param label gives the label of a node. */
export function edgeLabel(edge: EdgeRecord, label: (node: string) => string): string {
  if (edge.kind === 'direct') return `${label(edge.target)} own ${edge.port}`;
  return `${label(edge.source)} → ${label(edge.target)}${edge.port === 'out' ? '' : ` ${edge.port}`}`;
}

/** `9 of 40 edges with |effect| 0 are shown, by their order: nothing else ranks them`. */
export function tieWords({ strength, shown, tied }: Tie): string {
  const which = strength === null ? 'without a measure' : `with |effect| ${formatMagnitude(strength)}`;
  return `${formatCount(shown)} of ${plural(tied, 'edge')} ${which} are shown, by their order: nothing else ranks them`;
}
