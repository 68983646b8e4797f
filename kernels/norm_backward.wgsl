// Turns dL/dy into dL/dx, in place, where y = n * gain + bias, n = (x - mean) * scale, scale = 1 / sqrt(variance +
// epsilon).
//   a = dL/dy * gain;  dL/dx = scale * (a - mean(a) - n mean(a n))
//   FROZEN takes the scale as a constant: dL/dx = scale * (a - mean(a))
//
// CENTRED false (RMS norm) takes 0 for both mean and mean(a).
// One workgroup per row. The statistics of x are computed again, as in norm.wgsl; a row's result depends on that
// row alone. Several gradients share the rows of x: every port of a layer reads the same stream.
// Columns from width to 4 * width4 are padding and become 0, as the gain is 0 there.
// Shapes: x [x_rows, width4], gain [width4], gradient [rows, width4]; row r belongs to row r mod x_rows of x.
// Grid: rows workgroups in x and y.
// Source of the frozen scale: the LN rule, Ali et al. 2022 (arXiv:2202.07304).
// Checked by test/gpu/kernels.test.ts (norm_backward).
struct Params {
  rows: u32,
  x_rows: u32,
  width: u32,
  width4: u32,
  epsilon: f32,
}
override WORKGROUP: u32;
override CENTRED: bool;
override FROZEN: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;
//#include reduce_sum
//#include real_columns
//#include norm_scale
alias Leaf = vec3f; // squares of the centred row; a; a times the centred row

@compute @workgroup_size(WORKGROUP)
fn norm_backward(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let base = row * params.width4;
  let x_at = (row % params.x_rows) * params.width4;
  let width = f32(params.width);
  var mean = 0.0;
  if (CENTRED) {
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var total = vec4f(0.0);
      for (var c = leaf; c < params.width4; c += LEAVES) { total += x[x_at + c]; }
      leaves[leaf] = vec3f(dot(total, vec4f(1.0)), 0.0, 0.0);
    }
    mean = sum_of_leaves(lane).x / width;
  }
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var squares = vec4f(0.0);
    var plain = vec4f(0.0);
    var along = vec4f(0.0);
    for (var c = leaf; c < params.width4; c += LEAVES) {
      let centred = (x[x_at + c] - mean) * real_columns(c);
      let a = gradient[base + c] * gain[c];
      squares += centred * centred;
      plain += a;
      along += a * centred;
    }
    leaves[leaf] = vec3f(dot(squares, vec4f(1.0)), dot(plain, vec4f(1.0)), dot(along, vec4f(1.0)));
  }
  let means = sum_of_leaves(lane) / width;
  let scale = norm_scale(means.x, params.epsilon);
  var mean_a = 0.0;
  if (CENTRED) { mean_a = means.y; }
  var tilt = 0.0; // mean(a n) * scale: times the centred x it is n mean(a n)
  if (!FROZEN) { tilt = means.z * scale * scale; }
  for (var c = lane; c < params.width4; c += WORKGROUP) {
    let a = gradient[base + c] * gain[c];
    gradient[base + c] = scale * (a - mean_a - (x[x_at + c] - mean) * tilt) * real_columns(c);
  }
}
