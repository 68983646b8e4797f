import { HELPS, HURTS, hex } from '../../../src/files/graph/colors.js';

/**
 * Colours of one theme, `#rrggbb`. Edges have a contrast of at least 3:1 to the background, texts of at least 4.5:1.
 * Nodes are pale and ports are muted, and no port has a hue like that of a sign: the edges are what the eye goes to.
 */
export interface Palette {
  readonly name: 'light' | 'dark';
  readonly background: string;
  readonly band: string;
  readonly text: string;
  /** Labels of bands and columns, secondary text. */
  readonly faintText: string;
  readonly quiet: string;
  readonly helps: string;
  readonly hurts: string;
  /** Not measured, or a score whose sign has no stated meaning. */
  readonly neutral: string;
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly head: string;
  readonly mlp: string;
  readonly terminal: string;
  readonly group: string;
  readonly selected: string;
  /** Where heads read, behind the edges. */
  readonly attention: string;
  readonly onlyA: string;
  readonly onlyB: string;
  readonly both: string;
  readonly flipped: string;
  /** Fills of the figure's boxes, under text. */
  readonly boxes: { readonly head: string; readonly mlp: string; readonly terminal: string; readonly group: string };
  /** Hues of edges by their source: heads from the first layer to the last, and MLPs. */
  readonly sources: { readonly heads: readonly string[]; readonly mlp: string };
}

export const PALETTES: { readonly light: Palette; readonly dark: Palette } = {
  light: {
    name: 'light',
    background: '#ffffff',
    band: '#f4f5f7',
    text: '#1b1f24',
    faintText: '#5f6772',
    quiet: '#dcdfe3',
    helps: hex(HELPS),
    hurts: hex(HURTS),
    neutral: '#70767f',
    q: '#8e3fa8',
    k: '#2f7d32',
    v: '#a86a00',
    head: '#7d92a8',
    mlp: '#a48e4f',
    terminal: '#555b63',
    group: '#9a80cc',
    selected: '#d6008f',
    attention: '#8a8f70',
    onlyA: '#bd5a00',
    onlyB: '#7b3fb5',
    both: '#6b7a8c',
    flipped: '#00806a',
    boxes: { head: '#e3e9f0', mlp: '#f3ecd2', terminal: '#dddfe2', group: '#e4dbf4' },
    sources: { heads: ['#472d7b', '#2c728e', '#1e8a6f'], mlp: '#8f6d00' },
  },
  dark: {
    name: 'dark',
    background: '#14171c',
    band: '#1b1f26',
    text: '#eceff3',
    faintText: '#98a1ad',
    quiet: '#333941',
    helps: '#6eb2ff',
    hurts: '#ff7a6e',
    neutral: '#8b949f',
    q: '#cf8df0',
    k: '#63c174',
    v: '#e0a84a',
    head: '#8ba0b5',
    mlp: '#b8a565',
    terminal: '#c9ced5',
    group: '#a68fd8',
    selected: '#ff6fd0',
    attention: '#7e8566',
    onlyA: '#ffa24a',
    onlyB: '#c09aff',
    both: '#8c9aab',
    flipped: '#3fd6b2',
    boxes: { head: '#2c3743', mlp: '#453f26', terminal: '#3c424b', group: '#41365c' },
    sources: { heads: ['#a78bfa', '#5fb4e0', '#66d9a0'], mlp: '#dcb83c' },
  },
};
