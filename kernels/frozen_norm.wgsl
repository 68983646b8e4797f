// y[u, n] = (x[u, t_n] - mean) * scale_n * gain + bias, scale_n = 1 / sqrt(variance of stream[n] + epsilon)
//
// What a part x[u] of a residual stream adds to the norm of the whole stream. The scale of the stream is a constant.
// For given streams this is linear in x. Take parts that add up to the stream, one with the bias and the others
// without: their outputs add up to the stream's norm. CENTRED false leaves the means out (RMS norm).
// One workgroup per row, two passes over the stream as in norm.wgsl. Columns from width to 4 * width4 are padding
// and stay 0.
// Shapes: x [U, tokens, width4], rows [N] (token t_n of every stream), stream [N, width4], gain and bias [width4],
// y [U, N, width4]. Grid: U * N workgroups in x and y.
// Source: direct logit attribution, Elhage et al. 2021 (A Mathematical Framework for Transformer Circuits).
// Checked by test/gpu/kernels.test.ts (frozen_norm).
struct Params {
  parts: u32,
  tokens: u32,
  streams: u32,
  width: u32,
  width4: u32,
  epsilon: f32,
}
override WORKGROUP: u32;
override CENTRED: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> stream: array<vec4f>;
@group(0) @binding(4) var<storage, read> gain: array<vec4f>;
@group(0) @binding(5) var<storage, read> bias: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;
//#include reduce_sum
//#include real_columns
//#include norm_scale
alias Leaf = vec2f; // of the part, of the stream

@compute @workgroup_size(WORKGROUP)
fn frozen_norm(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.parts * params.streams) { return; }
  let n = row % params.streams;
  let x_at = ((row / params.streams) * params.tokens + rows[n]) * params.width4;
  let stream_at = n * params.width4;
  var means = vec2f(0.0);
  if (CENTRED) {
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var part_total = vec4f(0.0);
      var stream_total = vec4f(0.0);
      for (var c = leaf; c < params.width4; c += LEAVES) {
        part_total += x[x_at + c];
        stream_total += stream[stream_at + c];
      }
      leaves[leaf] = vec2f(dot(part_total, vec4f(1.0)), dot(stream_total, vec4f(1.0)));
    }
    means = sum_of_leaves(lane) / f32(params.width);
  }
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var squares = vec4f(0.0);
    for (var c = leaf; c < params.width4; c += LEAVES) {
      let centred = (stream[stream_at + c] - means.y) * real_columns(c);
      squares += centred * centred;
    }
    leaves[leaf] = vec2f(0.0, dot(squares, vec4f(1.0)));
  }
  let variance = sum_of_leaves(lane).y / f32(params.width);
  let scale = norm_scale(variance, params.epsilon);
  for (var c = lane; c < params.width4; c += WORKGROUP) {
    y[row * params.width4 + c] = (x[x_at + c] - means.x) * scale * gain[c] + bias[c];
  }
}
