// Turns dL/dy into dL/dx, in place, for the rows of a job, y = norm(x) as kernels/norm_in_place.wgsl makes it from x.
// The formula is in shared/row_norm_backward.wgsl. CENTRED false is the RMS norm; FROZEN takes the scale as a constant.
//
// One workgroup per row. A row's result depends on that row alone. Several heads' gradients may belong to one head's
// rows of x.
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
//#include row_norm_backward

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
  let at = job.at + row * params.gradient_stride4;
  row_norm_backward(job.x_at + row * params.x_stride4, at, job.gain * params.width4, lane);
}
