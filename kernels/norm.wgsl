// y[r] = (x[r] - mean) / sqrt(variance + epsilon) * gain + bias, variance over the population of `width` columns
//
// CENTRED false (RMS norm) takes 0 for the mean, so that the variance is the mean of the squares.
// One workgroup per row, two passes over the row: the one-pass form cancels where the mean is large. Sums are those of
// shared/reduce_sum.wgsl, so a row's result depends on that row alone.
// Columns from width to 4 * width4 are padding and 0. The mean may add them up; the variance must leave them out. They
// stay 0 because gain and bias are 0 there.
// Shapes: x, y [rows, width4]; gain, bias [width4]. Grid: rows workgroups in x and y.
// Sources: Ba et al. 2016 (arXiv:1607.06450); RMS norm: Zhang and Sennrich 2019 (arXiv:1910.07467).
// Checked by test/gpu/kernels.test.ts (norm).
struct Params {
  rows: u32,
  width: u32,
  width4: u32,
  epsilon: f32,
}
override WORKGROUP: u32;
override CENTRED: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
//#include reduce_sum
//#include real_columns
//#include norm_scale
alias Leaf = f32;

@compute @workgroup_size(WORKGROUP)
fn norm(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let base = row * params.width4;
  var mean = 0.0;
  if (CENTRED) {
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var total = vec4f(0.0);
      for (var c = leaf; c < params.width4; c += LEAVES) { total += x[base + c]; }
      leaves[leaf] = dot(total, vec4f(1.0));
    }
    mean = sum_of_leaves(lane) / f32(params.width);
  }
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var squares = vec4f(0.0);
    for (var c = leaf; c < params.width4; c += LEAVES) {
      let centred = (x[base + c] - mean) * real_columns(c);
      squares += centred * centred;
    }
    leaves[leaf] = dot(squares, vec4f(1.0));
  }
  let variance = sum_of_leaves(lane) / f32(params.width);
  let scale = norm_scale(variance, params.epsilon);
  for (var c = lane; c < params.width4; c += WORKGROUP) {
    y[base + c] = (x[base + c] - mean) * scale * gain[c] + bias[c];
  }
}
