/** Float64 reference of attention with shared keys and values, windows and capped scores. */

type Numbers = ArrayLike<number>;

/** Which head reads which port of a token: queries of all heads, then the keys, then the values. */
export interface Ports {
  readonly heads: number;
  /** Number of key ports, and of value ports. */
  readonly kvPorts: number;
}

/** The port that a head reads as its query, key or value (branch 0, 1 or 2). */
export function portOf({ heads, kvPorts }: Ports, branch: number, head: number): number {
  if (branch === 0) return head;
  return heads + (branch - 1) * kvPorts + Math.floor((head * kvPorts) / heads);
}

/** What scores are, beside queries and keys. */
export interface ScoreRule {
  readonly scale: number;
  /** Keys that a query sees, itself included; 0 for all before it. */
  readonly window: number;
  /** 0 for none. */
  readonly softcap: number;
}

/** The same, as kernels/shared/attention_score.wgsl is told. */
export function scoreParams({ scale, window, softcap }: ScoreRule) {
  return { scale: softcap === 0 ? scale : scale / softcap, window, softcap };
}

/** Whether a query sees a key of its prompt. */
export function sees(query: number, key: number, window: number): boolean {
  return key <= query && (window === 0 || key > query - window);
}

/** Scores [length, length] of queries and keys [length, headWidth], minus infinity at invisible keys. */
export function scoresOf(q: Numbers, k: Numbers, headWidth: number, { scale, window, softcap }: ScoreRule) {
  const length = q.length / headWidth;
  return Float64Array.from({ length: length * length }, (_, at) => {
    const [query, key] = [Math.floor(at / length), at % length];
    if (!sees(query, key, window)) return -Infinity;
    let product = 0;
    for (let c = 0; c < headWidth; c++) product += q[query * headWidth + c]! * k[key * headWidth + c]!;
    return softcap === 0 ? scale * product : softcap * Math.tanh((scale * product) / softcap);
  });
}

/** Their softmax by rows, exactly 0 at invisible keys. */
export function patternOf(q: Numbers, k: Numbers, headWidth: number, rule: ScoreRule): Float64Array {
  const scores = scoresOf(q, k, headWidth, rule);
  const length = q.length / headWidth;
  for (let query = 0; query < length; query++) {
    const row = scores.subarray(query * length, (query + 1) * length);
    const largest = Math.max(...row);
    row.forEach((score, key) => (row[key] = Math.exp(score - largest)));
    const total = row.reduce((sum, weight) => sum + weight, 0);
    row.forEach((weight, key) => (row[key] = weight / total));
  }
  return scores;
}
