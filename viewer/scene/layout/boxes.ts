import type { DisplayGraph, DisplayNode, Tab } from '../display-graph.js';

/** Largest distance between the ends of two edges at a box, in layout units. */
export const END_STEP = 8;
const PLAIN_HEIGHT = 24;
/** Height of the strip of tabs in a box that has some. */
export const TAB_HEIGHT = 12;
/** Width of a tab at least. */
const TAB_WIDTH = 14;
const LETTERS = ['q', 'k', 'v'] as const;

/** Width and height of a box, and the tabs along its lower edge. */
export interface BoxShape {
  readonly box: readonly [width: number, height: number];
  readonly tabs: readonly Tab[];
}

/**
 * The box of a node: as wide as its name and the ends of its edges need. Edges into queries, keys and values end at
 * tabs with their letters. What has other edges too, as a group may, has a tab without a letter for them.
 */
export function boxShape(graph: DisplayGraph, id: string): BoxShape {
  const into = new Map<Tab['port'], number>();
  graph.forEachInEdge(id, (_, { tab }, source) => {
    if (source !== id) into.set(tab, (into.get(tab) ?? 0) + 1);
  });
  const letters = LETTERS.filter((port) => into.has(port));
  const ends = Math.max(graph.inDegree(id), graph.outDegree(id));
  const width = Math.max(textWidth(graph.getNodeAttribute(id, 'label')), END_STEP * ends);
  if (letters.length === 0) return { box: [width, PLAIN_HEIGHT], tabs: [] };
  const ports = into.has(null) ? [...letters, null] : letters;
  const widths = ports.map((port) => Math.max(TAB_WIDTH, END_STEP * into.get(port)!));
  const total = widths.reduce((sum, one) => sum + one, 0);
  const whole = Math.max(width, total);
  let left = -whole / 2;
  const tabs = ports.map((port, i): Tab => {
    // Room that the tabs do not need is shared out.
    const tab = { port, left, width: (widths[i]! * whole) / total };
    left += tab.width;
    return tab;
  });
  return { box: [whole, PLAIN_HEIGHT + TAB_HEIGHT], tabs };
}

/** Where edges to a tab may end: middle and width of its part of the lower edge. All of the edge for no such tab. */
export function landing(
  { box, tabs }: Pick<DisplayNode, 'box' | 'tabs'>,
  port: Tab['port'],
): readonly [number, number] {
  const tab = tabs.find((one) => one.port === port);
  return tab ? [tab.left + tab.width / 2, tab.width] : [0, box![0]];
}

function textWidth(label: string): number {
  return Math.min(160, Math.max(40, Math.round(7.2 * label.length + 18)));
}
