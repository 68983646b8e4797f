// differences[r] = mean of values over the correct answers - mean over the wrong ones; a mean of none is 0
//
// Over logits it is the logit difference, whatever made the logits: kernels/answer_directions.wgsl needs them to be
// products. One invocation per row: answer lists are short. Answers are added in the order of their lists.
// Shapes: values [rows, stride] (f32), differences [rows], answers as in shared/answers.wgsl; row r belongs to prompt
// r mod prompts. Grid: x covers rows. Checked by test/gpu/kernels.test.ts (answer_means).
struct Params {
  rows: u32,
  prompts: u32,
  stride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> answers: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> differences: array<f32>;
//#include answers

fn mean_of(row_at: u32, ids_at: u32, count: u32) -> f32 {
  var total = 0.0;
  for (var i = 0u; i < count; i++) { total += values[row_at + answers[ids_at + i]]; }
  return total / f32(max(count, 1u));
}

@compute @workgroup_size(64)
fn answer_means(@builtin(global_invocation_id) gid: vec3u) {
  let row = gid.x;
  if (row >= params.rows) { return; }
  let ids = answers_of(row % params.prompts);
  let row_at = row * params.stride;
  differences[row] = mean_of(row_at, ids.correct_at, ids.correct) - mean_of(row_at, ids.wrong_at, ids.wrong);
}
