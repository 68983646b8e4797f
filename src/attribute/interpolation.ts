import type { StepRule } from '../circuit/run-identity.js';
import type { WriterGroup } from '../block/groups.js';

/** A point on the way from the ablated (alpha 0) to the clean outputs (alpha 1), and its weight in the mean. */
export interface StepPoint {
  readonly alpha: number;
  readonly weight: number;
}

/**
 * The points of a rule over K parts. `left`: alpha = k/K for k = 0..K-1, as the reference EAP-IG's edge scores;
 * `right`: k = 1..K, as its node scores and earlier versions; `midpoint`: (k - 1/2)/K; `trapezoid`: k = 0..K, half
 * the weight at the ends. Weights add up to 1.
 */
export function stepPoints(rule: StepRule, steps: number): readonly StepPoint[] {
  const parts = Array.from({ length: steps }, (_, k) => k);
  const weight = 1 / steps;
  switch (rule) {
    case 'left':
      return parts.map((k) => ({ alpha: k / steps, weight }));
    case 'right':
      return parts.map((k) => ({ alpha: (k + 1) / steps, weight }));
    case 'midpoint':
      return parts.map((k) => ({ alpha: (k + 0.5) / steps, weight }));
    case 'trapezoid':
      return [...parts, steps].map((k) => {
        return { alpha: k / steps, weight: k === 0 || k === steps ? weight / 2 : weight };
      });
  }
}

/**
 * A run whose gradient counts: the writers of `group` moved towards their ablated outputs by `amount` of the
 * difference.
 */
export interface GradientPoint {
  /** Null for the clean run, which needs no pass of its own. */
  readonly group: number | null;
  readonly amount: number;
  readonly weight: number;
  /** Only scores out of the group's own writers count. */
  readonly own: boolean;
}

interface PointOptions {
  readonly method: 'eap' | 'eap-ig-inputs' | 'eap-ig-activations' | 'clean-corrupted' | 'information-flow';
  readonly stepRule: StepRule;
  readonly steps: number;
  readonly scope: 'group' | 'all';
  readonly metric: string;
}

const CLEAN = { group: null, amount: 0, own: false } as const;

/**
 * The runs of a method, in an order in which each may start from the streams that the one before it left: the clean run
 * first, then interpolated groups from the last to the first. Points at the clean end are the same run whatever the
 * group, so they are one point; for the KL divergence they have no gradient and are left out.
 */
export function gradientPoints(
  { method, stepRule, steps, scope, metric }: PointOptions,
  groups: readonly Pick<WriterGroup, 'index'>[],
): readonly GradientPoint[] {
  const clean = (weight: number): GradientPoint[] => (metric === 'kl' || weight === 0 ? [] : [{ ...CLEAN, weight }]);
  if (method === 'eap') return clean(1);
  const steady =
    method === 'clean-corrupted'
      ? [
          { alpha: 1, weight: 1 / 2 },
          { alpha: 0, weight: 1 / 2 },
        ]
      : stepPoints(stepRule, steps);
  const atClean = steady.filter(({ alpha }) => alpha === 1).reduce((sum, { weight }) => sum + weight, 0);
  const moving = steady.filter(({ alpha }) => alpha !== 1);
  const moved = method === 'eap-ig-activations' ? groups.toReversed() : groups.slice(0, 1);
  const own = method === 'eap-ig-activations' && scope === 'group';
  const share = own ? 1 : moved.length;
  return [
    ...clean(atClean),
    ...moved.flatMap(({ index }) =>
      moving.map(({ alpha, weight }) => ({ group: index, amount: 1 - alpha, weight: weight / share, own })),
    ),
  ];
}

/** Points at which a method moves each of its groups; 0 where it looks at the clean run only. */
export function movedPoints(options: PointOptions): number {
  return gradientPoints(options, [{ index: 0 }]).filter(({ group }) => group !== null).length;
}

/**
 * Points that go through the device side by side: neighbours that move the same group, at most `most` of them. The
 * order stays.
 */
export function sideBySide(points: readonly GradientPoint[], most: number): readonly (readonly GradientPoint[])[] {
  const shares: GradientPoint[][] = [];
  for (const point of points) {
    const last = shares.at(-1);
    if (last && point.group !== null && last[0]!.group === point.group && last.length < most) last.push(point);
    else shares.push([point]);
  }
  return shares;
}

/** Whether a method looks at the clean run only, among others, or not at all. */
export function cleanPoints(options: PointOptions): 'only' | 'some' | 'none' {
  const points = gradientPoints({ ...options, metric: '' }, [{ index: 0 }]);
  const clean = points.filter(({ group }) => group === null).length;
  if (clean === points.length) return 'only';
  return clean > 0 ? 'some' : 'none';
}
