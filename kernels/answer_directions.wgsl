// directions[n] += mean over correct answers a of W[:, a] - mean over wrong answers b of W[:, b]
//
// W is the unembedding. The product of a direction with the final norm's output is the logit difference.
// A matrix larger than a binding comes in chunks of panels, one dispatch each, first columns first. A dispatch adds to
// what the dispatches before left; directions start as 0. Columns are added one by one in ascending order, so both
// lists of answers must be ascending. Then a sum in chunks has the bits of a sum in one piece.
// One invocation per four rows of W and prompt: answer lists are short.
// Shapes: answers as in shared/answers.wgsl, W in panels as in matmul.wgsl, directions [N, width4].
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
//#include answers

@compute @workgroup_size(64)
fn answer_directions(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.prompts * params.width4) { return; }
  let ids = answers_of(gid.x / params.width4);
  let row4 = gid.x % params.width4;
  var correct = ids.correct_at;
  let correct_end = correct + ids.correct;
  var wrong = ids.wrong_at;
  let wrong_end = wrong + ids.wrong;
  let correct_share = 1.0 / f32(max(ids.correct, 1u));
  let wrong_share = -1.0 / f32(max(ids.wrong, 1u));

  var direction = directions[gid.x];
  while (correct < correct_end || wrong < wrong_end) {
    var id = 0u;
    var share = 0.0;
    if (wrong == wrong_end || (correct < correct_end && answers[correct] <= answers[wrong])) {
      id = answers[correct];
      share = correct_share;
      correct++;
    } else {
      id = answers[wrong];
      share = wrong_share;
      wrong++;
    }
    let column = id - params.first_id; // wraps around below the chunk, and then exceeds ids_held
    if (column < params.ids_held) { direction += share * load_column(column, row4, params.width4); }
  }
  directions[gid.x] = direction;
}
