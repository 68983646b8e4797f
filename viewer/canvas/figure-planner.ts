import type { FigureInput } from '../scene/layout/figure-chains.js';
import type { Planner } from '../scene/layout/figure-layout.js';
import { planFigure, type FigurePlan } from '../scene/layout/figure-plan.js';

/** Figures of up to this number of edges are planned at once. */
const AT_ONCE = 24;
/** Plans that are kept. */
const REMEMBERED = 16;

interface Job {
  readonly key: string;
  readonly input: FigureInput;
}

export interface FigurePlanner {
  readonly plan: Planner;
  /** Ends the worker. */
  readonly dispose: () => void;
}

/**
 * Plans figures in a worker. Until a plan is there, a rough one stands for it. Where no worker can be had, plans are
 * made on this thread, a moment later.
 *
 * @param onPlan is called when a better plan than the one given before is there.
 */
export function createFigurePlanner(createWorker: () => Worker, onPlan: () => void): FigurePlanner {
  const plans = new Map<string, FigurePlan>();
  const rough = new Map<string, FigurePlan>();
  /** What the worker does now, and what it does next: only the last figure that was asked for. */
  let running: Job | null = null;
  let next: Job | null = null;
  let worker: Worker | null = null;
  let broken = false;

  function start(): void {
    if (running !== null || next === null) return;
    const { input } = (running = next);
    next = null;
    if (broken) return planHere();
    try {
      worker ??= listening(createWorker());
      worker.postMessage(input);
    } catch {
      giveUp();
    }
  }

  function listening(fresh: Worker): Worker {
    fresh.addEventListener('message', ({ data }: MessageEvent<FigurePlan>) => done(data));
    fresh.addEventListener('error', (event) => {
      event.preventDefault();
      giveUp();
    });
    return fresh;
  }

  function giveUp(): void {
    worker?.terminate();
    worker = null;
    broken = true;
    planHere();
  }

  function planHere(): void {
    setTimeout(() => running && done(planFigure(running.input)));
  }

  function done(plan: FigurePlan): void {
    if (running === null) return;
    remember(plans, running.key, plan);
    rough.delete(running.key);
    running = null;
    start();
    onPlan();
  }

  return {
    plan(input) {
      const key = JSON.stringify(input);
      const known = plans.get(key);
      if (known) return known;
      if (input.edges.length <= AT_ONCE) return remember(plans, key, planFigure(input));
      if (running?.key !== key) next = { key, input };
      start();
      return rough.get(key) ?? remember(rough, key, planFigure(input, 'quick'));
    },
    dispose() {
      worker?.terminate();
      [running, next] = [null, null];
    },
  };
}

function remember(plans: Map<string, FigurePlan>, key: string, plan: FigurePlan): FigurePlan {
  plans.set(key, plan);
  if (plans.size > REMEMBERED) plans.delete(plans.keys().next().value!);
  return plan;
}
