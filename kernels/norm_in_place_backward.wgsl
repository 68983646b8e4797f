// Turns dL/dy into dL/dx, in place, for the rows of a job, y = norm(x) as kernels/norm_in_place.wgsl makes it from x:
//   a = dL/dy * gain;  dL/dx = scale * (a - mean(a) - n mean(a n)), n = (x - mean) * scale
//   FROZEN takes the scale as a constant: dL/dx = scale * (a - mean(a)).  CENTRED false: without mean and mean(a)
//
// One workgroup per row. The statistics of x are computed again; a row's result depends on that row alone. Several
// heads' gradients may belong to one head's rows of x. Columns from width to 4 * width4 are padding and become 0.
// Shapes: gain [rows, width4], x and gradient [any], rows x_stride4 and gradient_stride4 vec4s apart.
// Grid: x and y cover the most rows of a job, z = jobs. Checked by test/gpu/kernels.test.ts (norm_in_place_backward).
struct Params {
  jobs_at: u32,
  x_stride4: u32,
  gradient_stride4: u32,
  width: u32,
  width4: u32,
  epsilon: f32,
}
// Rows of one head, or of one writer.
struct Job {
  at: u32, // where its row 0 begins in gradient, in vec4s
  x_at: u32, // where its row 0 begins in x, in vec4s
  rows_at: u32, // where control lists the rows; EVERY: row r is r
  rows: u32, // their number
  gain: u32, // row of gain
}
override WORKGROUP: u32;
override CENTRED: bool;
override FROZEN: bool;
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> gradient: array<vec4f>;
//#include reduce_sum
//#include real_columns
//#include norm_scale
alias Leaf = vec3f; // squares of the centred row; a; a times the centred row

@compute @workgroup_size(WORKGROUP)
fn norm_in_place_backward(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let job = job_at(wid.z);
  var row = wid.y * grid.x + wid.x;
  if (row >= job.rows) { return; }
  if (job.rows_at != EVERY) { row = control[job.rows_at + row]; }
  let base = job.at + row * params.gradient_stride4;
  let x_at = job.x_at + row * params.x_stride4;
  let gain_at = job.gain * params.width4;
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
      let a = gradient[base + c] * gain[gain_at + c];
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
    let a = gradient[base + c] * gain[gain_at + c];
    gradient[base + c] = scale * (a - mean_a - (x[x_at + c] - mean) * tilt) * real_columns(c);
  }
}
