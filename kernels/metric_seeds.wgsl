// seeds[n, v] = d metric_n / d logit[n, v], metrics in loss form, q the probabilities, C and W lists of answers:
//   METRIC 0, KL(p || q):              q_v - p_v
//   METRIC 1, logit difference:        -[v in C] / |C| + [v in W] / |W|
//   METRIC 2, probability difference:  q_v ([v in W] - [v in C] - (q(W) - q(C)))
//   METRIC 3, negative log-likelihood: q_v - [v in C] q_v / q(C)
// An id that a list holds twice counts twice, as in the metric itself.
//
// One workgroup per row writes the part that every token has; then one invocation adds that of the answers, whose lists are
// short. Columns from vocab to stride become 0.
// Shapes: log_q, log_p, seeds [rows, stride] (f32); answers as in answer_scores.wgsl. Grid: rows workgroups in x and y.
// Checked by test/gpu/kernels.test.ts (metric_seeds).
struct Params {
  rows: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
override METRIC: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> answers: array<u32>;
@group(0) @binding(2) var<storage, read> log_q: array<f32>;
@group(0) @binding(3) var<storage, read> log_p: array<f32>;
@group(0) @binding(4) var<storage, read_write> seeds: array<f32>;

// Logarithm of the summed probability of `count` ids listed at `ids_at`.
fn log_total(row_at: u32, ids_at: u32, count: u32) -> f32 {
  var largest = -3.4e38;
  for (var i = 0u; i < count; i++) { largest = max(largest, log_q[row_at + answers[ids_at + i]]); }
  var total = 0.0;
  for (var i = 0u; i < count; i++) { total += exp(log_q[row_at + answers[ids_at + i]] - largest); }
  if (count == 0u) { return largest; }
  return largest + log(total);
}

@compute @workgroup_size(WORKGROUP)
fn metric_seeds(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let row_at = row * params.stride;
  let correct_at = answers[4u * row];
  let correct = answers[4u * row + 1u];
  let wrong_at = answers[4u * row + 2u];
  let wrong = answers[4u * row + 3u];
  let log_correct = log_total(row_at, correct_at, correct);
  let advantage = exp(log_total(row_at, wrong_at, wrong)) - exp(log_correct);
  for (var v = lane; v < params.stride; v += WORKGROUP) {
    var seed = 0.0;
    if (v < params.vocab) {
      switch METRIC {
        case 0u: { seed = exp(log_q[row_at + v]) - exp(log_p[row_at + v]); }
        case 2u: { seed = -advantage * exp(log_q[row_at + v]); }
        case 3u: { seed = exp(log_q[row_at + v]); }
        default: {}
      }
    }
    seeds[row_at + v] = seed;
  }
  storageBarrier();
  if (lane != 0u || METRIC == 0u) { return; }
  for (var i = 0u; i < correct; i++) {
    let v = row_at + answers[correct_at + i];
    switch METRIC {
      case 1u: { seeds[v] -= 1.0 / f32(correct); }
      case 2u: { seeds[v] -= exp(log_q[v]); }
      default: { seeds[v] -= exp(log_q[v] - log_correct); }
    }
  }
  if (METRIC == 3u) { return; }
  for (var i = 0u; i < wrong; i++) {
    let v = row_at + answers[wrong_at + i];
    if (METRIC == 1u) { seeds[v] += 1.0 / f32(wrong); } else { seeds[v] += exp(log_q[v]); }
  }
}
