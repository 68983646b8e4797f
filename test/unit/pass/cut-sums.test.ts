/** Sums that are kept between circuits, against the lists that they stand for. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REACH, type Reach } from '../../../src/circuit/reachability.js';
import { Topology } from '../../../src/circuit/topology.js';
import { CutSums } from '../../../src/pass/cut-sums.js';

const topology = new Topology({ layers: 3, heads: 3, parallel: false });
const REACHES = [REACH.metric, REACH.differing, REACH.every] as const;

/** What a port is asked for in one pass: an reach, and which writers are cut. */
interface Request {
  readonly port: number;
  readonly reach: Reach;
  readonly cut: readonly number[];
}

/** What a slot holds. */
interface Slot {
  readonly port: number;
  readonly reach: Reach;
  readonly writers: readonly number[];
}

/** What the device would hold, checked on every use. */
interface Device {
  pass(requests: readonly Request[]): void;
  /** Uses of a slot as it was, and slots that were gone on from. */
  readonly counts: { reused: number; resumed: number };
}

function deviceOf(most: number): Device {
  const sums = new CutSums(topology, most);
  const slots: Slot[] = [];
  const counts = { reused: 0, resumed: 0 };
  const use = ({ port, reach, cut }: Request, read: Set<number>): void => {
    const { slot, further, update } = sums.use(port, reach, cut);
    if (update) {
      expect([update.slot, update.reach]).toEqual([slot, reach]);
      expect(read.has(update.slot), `slot ${update.slot} was read in this pass`).toBe(false);
      const held = update.resume ? slots[update.slot]! : undefined;
      if (held) {
        expect(held.port).toBe(port);
        expect(held.reach, 'rows that are gone on from').toBeGreaterThanOrEqual(reach);
        counts.resumed++;
      }
      slots[update.slot] = { port, reach, writers: [...(held?.writers ?? []), ...update.writers] };
    }
    const held = slot === undefined ? undefined : slots[slot]!;
    if (held) {
      expect(slot).toBeLessThan(most);
      expect(held.port, 'the port that the slot is of').toBe(port);
      expect(held.reach, 'rows that the slot has').toBeGreaterThanOrEqual(reach);
      read.add(slot!);
      if (!update) counts.reused++;
    }
    // The same additions in the same order as without sums.
    expect([...(held?.writers ?? []), ...further]).toEqual(cut);
  };
  return {
    counts,
    pass(requests) {
      sums.nextPass();
      const read = new Set<number>();
      for (const request of requests) use(request, read);
    },
  };
}

/** Cut writers of a port, the last first. */
const cutOf = (port: number, cut: (writer: number) => boolean): number[] =>
  Array.from({ length: topology.fanIn(port) }, (_, i) => topology.fanIn(port) - 1 - i).filter(cut);

const PORTS = [
  topology.logitsPort,
  topology.mlpPort(2),
  topology.mlpPort(1),
  topology.headPort(2, 'k', 1),
  topology.headPort(1, 'q', 0),
] as const;

/**
 * Requests as a search makes them, and others: a port's cut mostly grows from the last writer on by a few, now and then
 * one writer is put back or spared, the reach changes, or all starts anew.
 */
const moves = fc.array(
  fc.record({
    port: fc.nat(PORTS.length - 1),
    reach: fc.option(fc.constantFrom(...REACHES), { freq: 5 }),
    grow: fc.nat(3),
    toggle: fc.option(fc.nat(12), { freq: 4 }),
    anew: fc.nat(30).map((n) => n === 0),
    newPass: fc.nat(2).map((n) => n > 0),
  }),
  { minLength: 20, maxLength: 120 },
);

test.each([0, 1, 2, 5, 100])('any requests give the right lists from %d slots', (slots) => {
  let [reused, resumed] = [0, 0];
  fc.assert(
    fc.property(moves, (list) => {
      const device = deviceOf(slots);
      const ports = PORTS.map(() => ({ depth: 0, spared: new Set<number>(), reach: REACH.differing as Reach }));
      let pass: Request[] = [];
      for (const { port: p, reach, grow, toggle, anew, newPass } of list) {
        const state = ports[p]!;
        const port = PORTS[p]!;
        state.depth = anew ? 0 : Math.min(topology.fanIn(port), state.depth + grow);
        if (reach !== null) state.reach = reach;
        if (toggle !== null && !state.spared.delete(toggle)) state.spared.add(toggle);
        if (newPass) {
          device.pass(pass);
          pass = [];
        }
        const from = topology.fanIn(port) - state.depth;
        const cut = cutOf(port, (writer) => writer >= from && !state.spared.has(writer));
        pass.push({ port, reach: state.reach, cut });
      }
      device.pass(pass);
      reused += device.counts.reused;
      resumed += device.counts.resumed;
    }),
    { numRuns: 300, seed: 20 },
  );
  expect([reused > 100, resumed > 20]).toEqual([slots > 0, slots > 0]);
});

describe('a search', () => {
  /** Cuts the writers of a port one after the other, as tests that all remove; every pass asks once. */
  const cutAll = (device: Device, port: number): void => {
    for (let from = topology.fanIn(port) - 1; from >= 0; from--) {
      device.pass([{ port, reach: REACH.differing, cut: cutOf(port, (writer) => writer >= from) }]);
    }
  };

  test('goes on from what it holds, layer by layer', () => {
    const device = deviceOf(1);
    cutAll(device, topology.logitsPort);
    expect(device.counts.resumed).toBeGreaterThan(0);
    expect(device.counts.reused).toBeGreaterThan(topology.fanIn(topology.logitsPort) / 3);
  });

  test('without slots holds nothing', () => {
    const device = deviceOf(0);
    cutAll(device, topology.logitsPort);
    expect([device.counts.resumed, device.counts.reused]).toEqual([0, 0]);
  });

  test('gives the slot of the port that was read longest ago to another', () => {
    const device = deviceOf(2);
    const [a, b, c] = [topology.logitsPort, topology.mlpPort(2), topology.headPort(2, 'v', 0)] as const;
    const ask = (port: number): void => {
      const request = { port, reach: REACH.differing, cut: cutOf(port, () => true) };
      device.pass([request]);
      device.pass([request]); // settled: kept at the second time
    };
    for (const port of [a, b, c]) ask(port);
    expect(device.counts.reused).toBe(3);
    device.pass([{ port: b, reach: REACH.differing, cut: cutOf(b, () => true) }]);
    expect(device.counts.reused, 'b is still held').toBe(4);
    device.pass([{ port: a, reach: REACH.differing, cut: cutOf(a, () => true) }]);
    expect(device.counts.reused, 'a gave up its slot').toBe(4);
  });
});
