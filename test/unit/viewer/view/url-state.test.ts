import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeView, encodeView } from '../../../../viewer/view/url-state.js';
import { DEFAULT_VIEW, type ViewState } from '../../../../viewer/view/view-state.js';
import type { Group } from '../../../../viewer/data/saved-view.js';
import { view } from '../../../support/viewer.js';

/** Text that a URL can hold: any text without lone surrogates. */
const text = fc.string({ unit: 'binary' }).filter((value) => !/\p{Cs}/u.test(value));
const name = fc
  .oneof(fc.constantFrom('a9.h9', 'm3', 'a9.h9->a11.h10<q>', 'a,b:c;d&e=f#%', 'constructor', 'toString'), text)
  .filter((value) => value !== '' && value !== '__proto__');
const place = fc.tuple(...([0, 1] as const).map(() => fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 100 + 0)));
const places = fc.dictionary(name, place as fc.Arbitrary<[number, number]>, { minKeys: 1, maxKeys: 4 });
const groups = fc
  .uniqueArray(
    name.filter((member) => member !== 'input' && member !== 'logits'),
    { maxLength: 8 },
  )
  .map((members): Group[] =>
    members.length < 2
      ? []
      : [
          { name: 'first', members: members.slice(0, 1) },
          { name: 'of, two:', members: members.slice(1) },
        ],
  );
const limit = fc
  .oneof(
    fc.tuple(fc.constantFrom('circuit', 'top'), fc.nat(40_000)),
    fc.tuple(fc.constant('effect'), fc.double({ min: 0, max: 1e6, noNaN: true })),
    fc.tuple(fc.constant('share'), fc.double({ min: 0, max: 1, noNaN: true })),
    fc.tuple(fc.constantFrom('circuit', 'top', 'effect', 'share'), fc.constant(null)),
  )
  .map(
    ([limitBy, value]) =>
      ({ limitBy, limit: value === null ? null : value + 0 }) as Pick<ViewState, 'limit' | 'limitBy'>,
  );
const flags = <K extends string>(...keys: K[]): fc.Arbitrary<Record<K, boolean>> =>
  fc.record(Object.fromEntries(keys.map((key) => [key, fc.boolean()]))) as fc.Arbitrary<Record<K, boolean>>;

const anyView: fc.Arbitrary<ViewState> = fc
  .record({
    file: fc.option(name),
    compareWith: fc.option(name),
    layout: fc.constantFrom('grid', 'figure', 'tokens', 'force'),
    theme: fc.constantFrom('auto', 'light', 'dark'),
    drawnBy: fc.constantFrom(null, 'circuit', 'decided', 'share'),
    hue: fc.constantFrom('sign', 'port', 'source'),
    mergePorts: fc.boolean(),
    hideUnconnected: fc.boolean(),
    scope: fc.constantFrom(null, 'circuit', 'all'),
    onPaths: fc.constantFrom(null, true, false),
    ports: flags('q', 'k', 'v', 'out'),
    kinds: flags('input', 'head', 'mlp', 'logits'),
    layers: fc.option(fc.tuple(fc.nat(20), fc.nat(20)).map(([first, more]) => [first, first + more] as const)),
    query: text,
    selected: fc.option(name),
    pinned: fc.uniqueArray(name, { maxLength: 5 }),
    groups,
    notes: fc.dictionary(
      name,
      text.filter((note) => note !== ''),
      { maxKeys: 4 },
    ),
    positions: fc.record({ grid: places, figure: places, tokens: places, force: places }, { requiredKeys: [] }),
    sign: fc.constantFrom('as-stated', 'positive-helps', 'negative-helps'),
    step: fc.option(fc.nat(1e9)),
    blink: fc.constantFrom(null, 'a', 'b'),
    tab: fc.constantFrom('card', 'heads', 'edges', 'paths', 'prompts', 'compare', 'history'),
    prompt: fc.option(fc.nat(100)),
    attention: fc.record({
      run: fc.constantFrom('clean', 'corrupted', 'difference'),
      as: fc.constantFrom('map', 'lines'),
      rows: fc.constantFrom('all', 'used'),
      wide: fc.boolean(),
    }),
  } satisfies Record<Exclude<keyof ViewState, 'limit' | 'limitBy'>, fc.Arbitrary<unknown>>)
  .chain((rest) => limit.map((limits) => ({ ...rest, ...limits }) as ViewState));

describe('the view in the URL', () => {
  it('is empty for the default view', () => {
    expect(encodeView(DEFAULT_VIEW)).toBe('');
    for (const hash of ['', '#', '#&&&', 'x', '#=', '#nothing=1']) expect(decodeView(hash)).toEqual(DEFAULT_VIEW);
  });

  it('can be read', () => {
    const some = view({
      file: 'ioi.json',
      layout: 'figure',
      limit: 100,
      ports: { q: true, k: true, v: false, out: true },
      layers: [3, 7],
      pinned: ['a9.h9', 'm3'],
      groups: [{ name: 'name movers', members: ['a9.h9', 'a9.h6'] }],
      positions: { grid: { m3: [1.23456, -2] } },
      step: 0,
      drawnBy: 'share',
      onPaths: false,
      attention: { run: 'difference', as: 'lines', rows: 'all', wide: true },
    });
    expect(encodeView(some)).toBe(
      'file=ioi.json&layout=figure&draw=share&paths=0&circuit=100&ports=q,k,out&layers=3-7&pin=a9.h9,m3' +
        '&groups=name%20movers:a9.h9,a9.h6&at.grid=m3:1.23:-2&step=0' +
        '&attention=difference,lines,wide',
    );
  });

  it('means what it meant where links are older than the circuit mode', () => {
    expect(decodeView('#top=30')).toEqual(view({ limitBy: 'top', limit: 30 }));
    expect(decodeView('#by=effect')).toEqual(view({ limitBy: 'effect' }));
    expect(decodeView('#share=0.5')).toEqual(view({ limitBy: 'share', limit: 0.5 }));
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyView, (some) => {
        const hash = encodeView(some);
        expect(hash).toMatch(/^[\w.~!*'()%=&,:;+-]*$/);
        expect(decodeView(`#${hash}`)).toEqual(some);
      }),
      { numRuns: 400 },
    );
  });

  it('holds no lone surrogates', () => {
    expect(decodeView(encodeView(view({ query: 'a\ud800b' }))).query).toBe('a\ufffdb');
  });

  it.each([
    'top=NaN',
    'circuit=-1',
    'circuit=x',
    'draw=effect',
    'paths=yes',
    'attention=',
    'attention=toString,__proto__',
    'top=-1',
    'top=1e999',
    'effect=Infinity',
    'share=2',
    'by=size',
    'layout=hex',
    'layout=__proto__',
    'theme=',
    'ports=q,x',
    'kinds=toString',
    'layers=7-3',
    'layers=3',
    'layers=-1-3',
    'step=1.5',
    'step=99999999999999999999',
    'prompt=x',
    'find=%E0%A4%A',
    'file=',
    'file=%',
    'groups=x',
    'groups=:a',
    'groups=x:input',
    'groups=__proto__:a9.h9',
    'notes=__proto__:x',
    'notes=x',
    'at.grid=m3:NaN:0',
    'at.grid=m3:1e9:0',
    'at.grid=m3:99999999:0',
    'at.grid=m3:1',
    'at.grid=__proto__:1:2',
    'at.hex=m3:1:2',
    '__proto__=1',
    'constructor=1',
    'sign=yes',
    'tab=constructor',
    'blink=c',
  ])('takes %s as not said', (hash) => {
    const decoded = decodeView(`#${hash}&theme=dark`);
    expect(decoded.positions['grid'] ?? {}).toEqual({});
    expect({ ...decoded, positions: {} }).toEqual(view({ theme: 'dark' }));
    expect(Object.prototype).not.toHaveProperty('1');
  });

  it('puts a node in one group at most and keeps group names apart', () => {
    expect(decodeView('groups=x:m1,m2,m1;y:m2,m3;x:m4;z:m1').groups).toEqual([
      { name: 'x', members: ['m1', 'm2'] },
      { name: 'y', members: ['m3'] },
    ]);
  });

  it('never fails', () => {
    const keys = [
      'top',
      'circuit',
      'attention',
      'paths',
      'groups',
      'notes',
      'at.grid',
      'layers',
      'ports',
      'find',
      'pin',
    ];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...keys), fc.string())), fc.string(), (parts, rest) => {
        const decoded = decodeView(parts.map(([key, value]) => `${key}=${value}`).join('&') + rest);
        expect(decodeView(encodeView(decoded))).toEqual(decoded);
      }),
    );
  });
});
