// scores[r] = (log-sum-exp of values over the correct answers, log-sum-exp over the wrong ones); -3.4e38 for no answer
//
// Over log-probabilities these are the logarithms of the answers' summed probabilities.
// One invocation per row: answer lists are short.
// Shapes: values [rows, stride] (f32), scores [rows] (vec2f), answers as in shared/answers.wgsl; row r belongs to
// prompt r mod prompts. Grid: x covers rows. Checked by test/gpu/kernels.test.ts (answer_scores).
struct Params {
  rows: u32,
  prompts: u32,
  stride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> answers: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> scores: array<vec2f>;
//#include answers
//#include log_total

@compute @workgroup_size(64)
fn answer_scores(@builtin(global_invocation_id) gid: vec3u) {
  let row = gid.x;
  if (row >= params.rows) { return; }
  let ids = answers_of(row % params.prompts);
  let correct = log_total(row * params.stride, ids.correct_at, ids.correct);
  let wrong = log_total(row * params.stride, ids.wrong_at, ids.wrong);
  scores[row] = vec2f(correct, wrong);
}
