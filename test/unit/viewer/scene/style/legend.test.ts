import { describe, expect, it } from 'vitest';
import type { EdgeClass } from '../../../../../viewer/data/circuit-data.js';
import { estimateWidth, layOutLegend } from '../../../../../viewer/scene/draw/legend-layout.js';
import { writeSvg } from '../../../../../viewer/scene/draw/svg.js';
import type { Scene } from '../../../../../viewer/scene/scene.js';
import { legendOf } from '../../../../../viewer/scene/style/legend.js';
import { stylesOf } from '../../../../../viewer/scene/style/style.js';
import { legendContext, legendTexts, randomData, sceneOf } from '../../../../support/viewer-scene.js';

const data = randomData(4, 4);

/** The drawing without its legend. */
function svgOf(scene: Scene): string {
  const context = legendContext();
  const size = { title: '', width: 900, height: 600 };
  return writeSvg(scene, stylesOf(scene.graph, context), context.palette, [], size);
}

describe('legend', () => {
  it('names what is there, by the hue that is shown', () => {
    const scene = sceneOf(data);
    expect(legendTexts(scene)).toEqual(
      expect.arrayContaining(['helps the task', 'hurts the task', 'MLP', 'input, logits']),
    );
    expect(legendTexts(scene)).toContain(legendContext().words.about);
    expect(legendTexts(scene).join()).toContain('Positive = the edge helps the task');
    expect(legendTexts(scene, { hue: 'port' })).toContain('into queries (q)');
    expect(legendTexts(scene, { hue: 'source' })).toContain('from MLPs');
    expect(legendTexts(scene).join()).not.toMatch(/circuits|group|pinned|not decided|decided on/);
    expect(legendTexts(sceneOf(data, { limit: 0 }))).toEqual([]);
  });

  it('names only the nodes that have edges, and says what the others are', () => {
    const edges = data.edges.map((edge) => ({ ...edge, inCircuit: edge.id === 'input->a0.h0<q>' }));
    const one = { ...data, edges };
    const texts = legendTexts(sceneOf(one, { scope: 'circuit' }));
    expect(texts).toEqual(expect.arrayContaining(['attention head (layer.head)', 'without edges here']));
    expect(texts).not.toContain('MLP');
    expect(legendTexts(sceneOf(one, { scope: 'circuit', hideUnconnected: true }))).not.toContain('without edges here');
    expect(legendTexts(sceneOf(one, { scope: 'circuit', layout: 'figure' }))).not.toContain('without edges here');
  });

  it('has one mark for no effect and for what is not measured', () => {
    const edges = data.edges.map((edge, i) => ({ ...edge, effect: i % 2 === 0 ? 0 : null }));
    const texts = legendTexts(sceneOf({ ...data, edges }));
    expect(texts).toContain('no effect, or not measured');
    expect(texts).not.toContain('not measured');
  });

  it('says that what is shown is no part of the circuit', () => {
    const edges = data.edges.map((edge) => ({ ...edge, inCircuit: false }));
    expect(legendTexts(sceneOf({ ...data, edges }))).toContain('paler: not in the circuit');
  });

  it('shows dashes where edges have them, and none where they are drawn as a haze', () => {
    const edges = data.edges.map((edge) => ({ ...edge, inCircuit: false }));
    for (const [limit, dashed] of [
      [60, true],
      [700, false],
    ] as const) {
      const scene = sceneOf({ ...data, edges }, { limit });
      const context = legendContext();
      const entry = legendOf(scene, context).find(({ text }) => text === 'paler: not in the circuit');
      expect(entry!.swatch).toMatchObject({ kind: 'line', dashed });
      const drawn = svgOf(scene);
      expect(drawn.includes('stroke-dasharray')).toBe(dashed);
    }
  });

  it('says where the file does not say what helps', () => {
    const texts = legendTexts(sceneOf(data), { signKnown: false });
    expect(texts).toEqual(expect.arrayContaining(['score > 0', 'score < 0']));
    expect(texts.join()).toContain('does not say');
    expect(texts.join()).not.toContain('the edge helps the task');
    expect(texts).not.toContain('helps the task');
  });

  it('explains the classes of a comparison that occur', () => {
    const classes: readonly EdgeClass[] = ['both', 'only-a', 'flipped'];
    const edges = data.edges.map((edge, i) => ({ ...edge, contrast: { class: classes[i % 3]!, a: 1, b: 1 } }));
    const texts = legendTexts(sceneOf({ ...data, edges }), { comparing: { a: 'ours', b: 'theirs' } });
    expect(texts).toEqual(
      expect.arrayContaining(['in both circuits', 'only in A: ours', 'in both, with opposite signs']),
    );
    expect(texts.join()).not.toContain('theirs');
  });

  it('fits into any width', () => {
    const entries = legendOf(sceneOf(data), legendContext());
    for (const width of [60, 200, 900]) {
      const { placed, height } = layOutLegend(entries, width, estimateWidth);
      expect(placed.length).toBeGreaterThanOrEqual(entries.length);
      for (const { x, y, text, entry } of placed) {
        expect(x + (entry.swatch ? 26 : 0) + estimateWidth(text)).toBeLessThanOrEqual(Math.max(width, 60));
        expect(y).toBeLessThan(height);
      }
    }
  });
});
