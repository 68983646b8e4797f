// seeds[n, v] = Q q_v + P p_v + ADVANTAGE q_v (q(W) - q(C))
//              + [v in C] (CORRECT_MEAN / |C| + CORRECT_Q q_v + CORRECT_SHARE q_v / q(C))
//              + [v in W] (WRONG_MEAN / |W| + WRONG_Q q_v)
//
// The gradient of a metric at the logits. q: probabilities of the run; p: probabilities of the clean run; C, W: correct
// and wrong answers; q(C): their summed probability. src/readout/metrics.ts has the coefficients of every metric. An id
// that a list holds twice counts twice, as in the metric itself.
// One workgroup per row and block (shared/row_blocks.wgsl) writes the terms of its tokens. Then one invocation adds the
// terms of the answers among them, because their lists are short. Columns from vocab to stride become 0.
// Shapes: values (log q), log_p, seeds [rows, stride] (f32), answers as in shared/answers.wgsl.
// Grid: rows in x and y, blocks of stride in z. Checked by test/gpu/kernels.test.ts (metric_seeds).
struct Params {
  rows: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
override Q: f32;
override P: f32;
override ADVANTAGE: f32;
override CORRECT_MEAN: f32;
override CORRECT_Q: f32;
override CORRECT_SHARE: f32;
override WRONG_MEAN: f32;
override WRONG_Q: f32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> answers: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> log_p: array<f32>;
@group(0) @binding(4) var<storage, read_write> seeds: array<f32>;
//#include answers
//#include log_total
//#include row_blocks

@compute @workgroup_size(WORKGROUP)
fn metric_seeds(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let row_at = row * params.stride;
  let ids = answers_of(row);
  let log_correct = log_total(row_at, ids.correct_at, ids.correct);
  let advantage = exp(log_total(row_at, ids.wrong_at, ids.wrong)) - exp(log_correct);
  let first = BLOCK * wid.z;
  let end = min(first + BLOCK, params.stride);
  for (var v = first + lane; v < end; v += WORKGROUP) {
    var seed = 0.0;
    if (v < params.vocab) {
      if (Q != 0.0) { seed += Q * exp(values[row_at + v]); }
      if (P != 0.0) { seed += P * exp(log_p[row_at + v]); }
      if (ADVANTAGE != 0.0) { seed += ADVANTAGE * advantage * exp(values[row_at + v]); }
    }
    seeds[row_at + v] = seed;
  }
  storageBarrier();
  if (lane != 0u) { return; }
  for (var i = 0u; i < ids.correct; i++) {
    let id = answers[ids.correct_at + i];
    if (id < first || id >= end) { continue; }
    let v = row_at + id;
    var seed = CORRECT_MEAN / f32(ids.correct);
    if (CORRECT_Q != 0.0) { seed += CORRECT_Q * exp(values[v]); }
    if (CORRECT_SHARE != 0.0) { seed += CORRECT_SHARE * exp(values[v] - log_correct); }
    seeds[v] += seed;
  }
  for (var i = 0u; i < ids.wrong; i++) {
    let id = answers[ids.wrong_at + i];
    if (id < first || id >= end) { continue; }
    let v = row_at + id;
    var seed = WRONG_MEAN / f32(ids.wrong);
    if (WRONG_Q != 0.0) { seed += WRONG_Q * exp(values[v]); }
    seeds[v] += seed;
  }
}
