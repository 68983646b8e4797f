// scores[n, first_writer + u, c] += weight[run] * sum over the tokens t of prompt n of
//                                       D[first_writer + u, t, c] g[run, t, c]
//
// Attribution to single dimensions of a writer's output: g is the gradient at the stream where the writers add to it.
// One invocation per four columns. Tokens are added in order, prompts apart: a prompt's scores do not depend on the
// batch. Runs over the same tokens are added one after the other; those of weight 0 are left out.
// Shapes: D [W, T, width4], g [runs, T, width4], scores [N, W, width4], weight [runs] (f32).
// Grid: x covers writers * width4, y = N. Checked by test/gpu/kernels.test.ts (neuron_scores).
struct Params {
  tokens: u32,
  sequence: u32,
  width4: u32,
  first_writer: u32,
  writers: u32,
  writer_total: u32,
  runs: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> differences: array<vec4f>;
@group(0) @binding(3) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> scores: array<vec4f>;

@compute @workgroup_size(64)
fn neuron_scores(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.writers * params.width4) { return; }
  let writer = params.first_writer + gid.x / params.width4;
  let column = gid.x % params.width4;
  let prompt_at = gid.y * params.sequence * params.width4 + column;
  let d_at = writer * params.tokens * params.width4 + prompt_at;
  for (var run = 0u; run < params.runs; run++) {
    if (weight[run] == 0.0) { continue; }
    let g_at = run * params.tokens * params.width4 + prompt_at;
    var sum = vec4f(0.0);
    for (var t = 0u; t < params.sequence; t++) {
      sum += differences[d_at + t * params.width4] * gradient[g_at + t * params.width4];
    }
    scores[(gid.y * params.writer_total + writer) * params.width4 + column] += weight[run] * sum;
  }
}
