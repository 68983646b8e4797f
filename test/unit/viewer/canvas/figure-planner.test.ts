import { describe, expect, it, vi } from 'vitest';
import { createFigurePlanner } from '../../../../viewer/canvas/figure-planner.js';
import type { FigureInput } from '../../../../viewer/scene/layout/figure-chains.js';
import { planFigure, type FigurePlan } from '../../../../viewer/scene/layout/figure-plan.js';

/** Two rows of boxes, each joined with those of the other row in the opposite order. */
function tangled(count: number): FigureInput {
  const nodes = Array.from({ length: 2 * count }, (_, i) => ({
    id: `n${i}`,
    width: 40,
    height: 24,
    row: i < count ? 0 : 1,
  }));
  const edges = Array.from({ length: count }, (_, i) => ({
    key: `e${i}`,
    source: i,
    target: 2 * count - 1 - i,
    lean: 0,
  }));
  return { nodes, edges };
}

/** A worker that answers when it is told to. */
class FakeWorker extends EventTarget {
  readonly asked: FigureInput[] = [];
  terminated = false;
  postMessage(input: FigureInput): void {
    this.asked.push(input);
  }
  answer(): void {
    this.dispatchEvent(new MessageEvent('message', { data: planFigure(this.asked.at(-1)!) }));
  }
  terminate(): void {
    this.terminated = true;
  }
}

function planner() {
  const worker = new FakeWorker();
  const onPlan = vi.fn<() => void>();
  return { worker, onPlan, ...createFigurePlanner(() => worker as unknown as Worker, onPlan) };
}

const order = ({ places }: FigurePlan, ids: readonly string[]) =>
  ids.toSorted((a, b) => places.get(a)![0] - places.get(b)![0]);

describe('figure planner', () => {
  it('plans a small figure at once', () => {
    const { plan, worker, onPlan } = planner();
    expect(plan(tangled(5))).toEqual(planFigure(tangled(5)));
    expect(worker.asked).toEqual([]);
    expect(onPlan).not.toHaveBeenCalled();
  });

  it('gives a rough plan until the worker has a better one', () => {
    const { plan, worker, onPlan } = planner();
    const input = tangled(30);
    const upper = input.nodes.filter(({ row }) => row === 1).map(({ id }) => id);
    expect(order(plan(input), upper)).toEqual(upper);
    expect(plan(input)).toBe(plan(input));
    expect(worker.asked).toHaveLength(1);
    worker.answer();
    expect(onPlan).toHaveBeenCalledOnce();
    expect(plan(input)).toEqual(planFigure(input));
    expect(order(plan(input), upper)).not.toEqual(upper);
  });

  it('asks for the last of several figures next', () => {
    const { plan, worker } = planner();
    for (const count of [30, 31, 32]) plan(tangled(count));
    expect(worker.asked.map(({ edges }) => edges.length)).toEqual([30]);
    worker.answer();
    expect(worker.asked.map(({ edges }) => edges.length)).toEqual([30, 32]);
  });

  it('plans on this thread where the worker fails, and where none can be had', async () => {
    const { plan, worker, onPlan } = planner();
    plan(tangled(30));
    worker.dispatchEvent(new Event('error', { cancelable: true }));
    await vi.waitFor(() => expect(onPlan).toHaveBeenCalledOnce());
    expect(worker.terminated).toBe(true);
    expect(plan(tangled(30))).toEqual(planFigure(tangled(30)));

    const refused = vi.fn<() => void>();
    const none = createFigurePlanner(() => {
      throw new Error('no workers here');
    }, refused);
    none.plan(tangled(30));
    await vi.waitFor(() => expect(refused).toHaveBeenCalledOnce());
    none.plan(tangled(31));
    await vi.waitFor(() => expect(refused).toHaveBeenCalledTimes(2));
    expect(none.plan(tangled(31))).toEqual(planFigure(tangled(31)));
  });

  it('tells nobody after it was ended', () => {
    const { plan, worker, onPlan, dispose } = planner();
    plan(tangled(30));
    dispose();
    worker.answer();
    expect(worker.terminated).toBe(true);
    expect(onPlan).not.toHaveBeenCalled();
  });
});
