// scores[r] = (log-sum-exp of values over the correct answers, log-sum-exp over the wrong ones); -3.4e38 over no answer.
//
// Over log-probabilities these are the logarithms of the answers' summed probabilities. Answer lists are short: one invocation
// per row; the largest value is subtracted first.
// Shapes: values [rows, stride] (f32), scores [rows]. answers holds, per prompt n = r mod prompts, offset and count of its
// correct ids and of its wrong ids (4 words), then the ids. Grid: x covers rows.
// Checked by test/gpu/kernels.test.ts (answer_scores).
struct Params {
  rows: u32,
  prompts: u32,
  stride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> answers: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> scores: array<vec2f>;

// Log-sum-exp of row values at `count` ids listed at `ids_at`.
fn over_answers(row_at: u32, ids_at: u32, count: u32) -> f32 {
  if (count == 0u) { return -3.4e38; }
  var largest = -3.4e38;
  for (var i = 0u; i < count; i++) { largest = max(largest, values[row_at + answers[ids_at + i]]); }
  var total = 0.0;
  for (var i = 0u; i < count; i++) { total += exp(values[row_at + answers[ids_at + i]] - largest); }
  return largest + log(total);
}

@compute @workgroup_size(64)
fn answer_scores(@builtin(global_invocation_id) gid: vec3u) {
  let row = gid.x;
  if (row >= params.rows) { return; }
  let lists = 4u * (row % params.prompts);
  let correct = over_answers(row * params.stride, answers[lists], answers[lists + 1u]);
  let wrong = over_answers(row * params.stride, answers[lists + 2u], answers[lists + 3u]);
  scores[row] = vec2f(correct, wrong);
}
