import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import { search, SEARCH_HELP } from '../../../../viewer/view/search.js';
import { anyText } from '../../../support/any-text.js';
import { sampleDirectCircuit, sampleSharedCircuit } from '../../../support/sample-circuit.js';

const data = toCircuitData(sampleDirectCircuit(), 'as-stated');
const groups = [
  { name: 'Name movers', members: ['a1.h0', 'a1.h1'] },
  { name: 'early', members: ['m0'] },
];

function nodes(query: string): string[] {
  return [...search(data, query, groups)!.nodes].toSorted();
}

function edges(query: string): string[] {
  return [...search(data, query, groups)!.edges].toSorted();
}

describe('search', () => {
  it('finds key/value heads that groups share, and edges into them', () => {
    const shared = toCircuitData(sampleSharedCircuit(true), 'as-stated');
    const found = (query: string) => search(shared, query)!;
    for (const name of ['1.kv1', 'a1.kv1', 'L1kv1', '1kv1']) expect([...found(name).nodes]).toEqual(['a1.kv1']);
    expect([...found('kv').nodes]).toEqual(['a0.kv0', 'a0.kv1', 'a1.kv0', 'a1.kv1']);
    expect([...found('1.kv').nodes]).toEqual(['a1.kv0', 'a1.kv1']);
    expect(found('heads').nodes.has('a1.kv1')).toBe(false);
    expect([...found('a0.h0->a1.kv1<k>').edges]).toEqual(['a0.h0->a1.kv1<k>']);
    expect([...found('a1.kv1<v>->a1.kv1').edges]).toEqual(['a1.kv1<v>->a1.kv1']);
  });

  it.each(['', '  ', '\t\n', '""'])('finds nothing to do for %j', (query) => {
    expect(search(data, query)).toBeNull();
  });

  it.each([
    ['1.0', ['a1.h0']],
    ['a1.h0', ['a1.h0']],
    ['L1H0', ['a1.h0']],
    ['1.', ['a1.h0', 'a1.h1']],
    ['m1', ['m1']],
    ['mlp 1', ['m1']],
    ['MLP1', ['m1']],
    ['mlp', ['m0', 'm1']],
    ['heads', ['a0.h0', 'a0.h1', 'a1.h0', 'a1.h1']],
    ['input', ['input']],
    ['logits', ['logits']],
    ['layer:1', ['a1.h0', 'a1.h1', 'm1']],
    ['layer 1 head', ['a1.h0', 'a1.h1']],
    ['layer:0-1 mlp', ['m0', 'm1']],
    ['Name', ['a1.h0', 'a1.h1']],
    ['"name movers"', ['a1.h0', 'a1.h1']],
    ['"name movers', ['a1.h0', 'a1.h1']],
    ['early', ['m0']],
  ])('finds the nodes of %j', (query, expected) => {
    expect(nodes(query)).toEqual(expected);
    const found = new Set(expected);
    const one = query.includes(' head') || query.includes(' mlp') ? null : found;
    if (one) {
      expect(edges(query)).toEqual(
        data.edges
          .filter(({ source, target }) => one.has(source) || one.has(target))
          .map(({ id }) => id)
          .toSorted(),
      );
    }
  });

  it.each([
    ['9.9', []],
    ['m7', []],
    ['nonsense', []],
    ['effect>', []],
    ['__proto__', []],
  ])('finds nothing for %j', (query, expected) => {
    expect(nodes(query)).toEqual(expected);
    expect(edges(query)).toEqual(expected);
  });

  it.each([
    ['0.1->1.0', ['a0.h1->a1.h0<k>', 'a0.h1->a1.h0<q>', 'a0.h1->a1.h0<v>']],
    ['0.1 -> 1.0', ['a0.h1->a1.h0<k>', 'a0.h1->a1.h0<q>', 'a0.h1->a1.h0<v>']],
    ['0.1->1.0 v', ['a0.h1->a1.h0<v>']],
    ['0.1→1.0<v>', ['a0.h1->a1.h0<v>']],
    ['a0.h1->a1.h0<v>', ['a0.h1->a1.h0<v>']],
    ['a1.h0<q>->a1.h0', ['a1.h0<q>->a1.h0']],
    ['v->1.0 0.1', ['a0.h1->a1.h0<v>']],
    ['m0->mlp', ['m0->m1']],
    ['"name movers" ->logits', ['a1.h0->logits', 'a1.h1->logits']],
    ['effect>0.2', ['input->a0.h1<v>', 'm1->logits']],
    ['effect >= 0.5', ['m1->logits']],
    ['effect<-0.5', ['a0.h1->a1.h0<v>']],
    ['hurts', ['a0.h1->a1.h0<v>', 'input->logits']],
    ['|effect|>=.5 helps', ['m1->logits']],
    ['rank=1', ['a0.h1->a1.h0<v>']],
    ['step<2', ['a1.h0->logits', 'm1->logits']],
    ['direct helps', ['a1.h0<q>->a1.h0']],
    ['0.1 1.0 q', ['a0.h1->a1.h0<q>']],
  ])('finds the edges of %j', (query, expected) => {
    expect(edges(query)).toEqual(expected);
    const ends = data.edges.filter(({ id }) => expected.includes(id)).flatMap(({ source, target }) => [source, target]);
    expect(nodes(query)).toEqual([...new Set(ends)].toSorted());
  });

  it('takes an open side of a path as any node', () => {
    expect(edges('->logits')).toEqual(
      data.edges
        .filter(({ target }) => target === 'logits')
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(edges('0.1->').length).toBe(
      data.edges.filter((edge) => edge.source === 'a0.h1' && edge.kind === 'addition').length + 3,
    );
    expect(edges('q->1.0').every((id) => id.includes('<q>'))).toBe(true);
  });

  it('says how to search', () => {
    for (const [example, meaning] of SEARCH_HELP) expect(`${example}${meaning}`).not.toBe('');
    for (const query of ['q->10.7', '->10.7<q>', '9.9->10.7', '|effect|>=0.1', 'rank<=10', 'step<50']) {
      expect(search(data, query)).not.toBeNull();
    }
  });

  it('never fails', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.array(fc.constantFrom('9.9', '->', '<q>', '"', '|effect|', '>', '0.1', ' ', 'layer:')),
        (text, parts) => {
          search(data, text, groups);
          search(data, parts.join(''), groups);
        },
      ),
    );
  });
});
