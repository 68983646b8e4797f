// directions[n] += mean over correct answers a of W[:, a] - mean over wrong answers b of W[:, b], W the unembedding: the product
// with it of what the final norm gives is the logit difference.
//
// A matrix larger than a binding comes in chunks of panels, one dispatch each, which adds the answers that the chunk holds to
// directions that start as 0. One invocation per four rows of W and prompt; answer lists are short.
// Shapes: answers as in answer_scores.wgsl, W in panels as in matmul.wgsl, directions [N, width4].
// Grid: x covers N * width4. Checked by test/gpu/kernels.test.ts (answer_directions).
struct Params {
  prompts: u32,
  width4: u32,
  first_id: u32,
  ids_held: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
//#include weight_column
@group(0) @binding(2) var<storage, read> answers: array<u32>;
@group(0) @binding(3) var<storage, read_write> directions: array<vec4f>;

// Sum over the answers of the chunk, divided by the number of all of them.
fn share_of_mean(ids_at: u32, count: u32, row4: u32) -> vec4f {
  var sum = vec4f(0.0);
  for (var i = 0u; i < count; i++) {
    let column = answers[ids_at + i] - params.first_id; // wraps around below the chunk, and then exceeds ids_held
    if (column < params.ids_held) { sum += load_column(column, row4, params.width4); }
  }
  return sum / f32(max(count, 1u));
}

@compute @workgroup_size(64)
fn answer_directions(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.prompts * params.width4) { return; }
  let lists = 4u * (gid.x / params.width4);
  let row4 = gid.x % params.width4;
  let correct = share_of_mean(answers[lists], answers[lists + 1u], row4);
  let wrong = share_of_mean(answers[lists + 2u], answers[lists + 3u], row4);
  directions[gid.x] += correct - wrong;
}
