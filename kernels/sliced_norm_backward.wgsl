// Takes the gradient at a port's slice of a norm over all heads together back to that norm's input w, in two parts:
//   gradient[p, t] <- scale * gain * gradient[p, t], at the slice itself, in place
// tilts[p, t] = scale^3 / columns * sum over the slice of gradient * gain * w;  every column of w gets - tilts[p, t] w
// FROZEN takes the scale as a constant: tilts are 0
//
// The second part reaches all heads, but it is one number times w: whoever goes on takes w through the weights once and
// not for every port. One workgroup per row of a port. Sums are those of shared/reduce_sum.wgsl.
// Shapes: wide [T, wide_stride4], gain [heads, width4], gradient [P, T, width4], tilts [P, T] (f32).
// Grid: x and y cover T, z = jobs. Source: OLMo 2 (arXiv:2501.00656). Checked by test/gpu/kernels.test.ts
// (sliced_norm_backward).
struct Params {
  jobs_at: u32,
  tokens: u32,
  wide_stride4: u32,
  wide_width: u32,
  width4: u32,
  epsilon: f32,
}
// One port.
struct Job {
  port: u32, // its place in gradient and tilts
  slice: u32, // its head's first column in a row of wide, in vec4s
  gain: u32, // row of gain
}
override WORKGROUP: u32;
override FROZEN: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> wide: array<vec4f>;
@group(0) @binding(3) var<storage, read> gain: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> tilts: array<f32>;
//#include reduce_sum
//#include norm_scale
alias Leaf = vec2f; // squares of w; gradient times gain times w

@compute @workgroup_size(WORKGROUP)
fn sliced_norm_backward(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let job = job_at(wid.z);
  let row = wid.y * grid.x + wid.x;
  if (row >= params.tokens) { return; }
  let wide_at = row * params.wide_stride4;
  let at = (job.port * params.tokens + row) * params.width4;
  let gain_at = job.gain * params.width4;
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var squares = vec4f(0.0);
    var along = vec4f(0.0);
    for (var c = leaf; c < params.wide_stride4; c += LEAVES) { squares += wide[wide_at + c] * wide[wide_at + c]; }
    for (var c = leaf; c < params.width4; c += LEAVES) {
      along += gradient[at + c] * gain[gain_at + c] * wide[wide_at + job.slice + c];
    }
    leaves[leaf] = vec2f(dot(squares, vec4f(1.0)), dot(along, vec4f(1.0)));
  }
  let sums = sum_of_leaves(lane);
  let scale = norm_scale(sums.x / f32(params.wide_width), params.epsilon);
  for (var c = lane; c < params.width4; c += WORKGROUP) { gradient[at + c] *= scale * gain[gain_at + c]; }
  if (lane == 0u) {
    var tilt = 0.0;
    if (!FROZEN) { tilt = scale * scale * scale / f32(params.wide_width) * sums.y; }
    tilts[job.port * params.tokens + row] = tilt;
  }
}
