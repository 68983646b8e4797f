// y[port, t] = wide[r, slice] / sqrt(mean over the columns of wide[r]^2 + epsilon) * gain, t = rows[r]
//
// The norm of all heads' queries (or keys) together, of which a port takes the slice of its head. Every port has an
// input of its own, and so a norm of its own over what all heads would make of that input. Padding columns of `wide`
// are 0.
// One workgroup per row of a job. Sums of squares are those of shared/reduce_sum.wgsl, so a row's result depends on
// that row alone.
// Shapes: wide [rows, wide_stride4], gain [heads, width4], y [any], rows of y stride4 apart.
// Grid: x and y cover the most rows of a job, z = jobs.
// Source: OLMo 2 (arXiv:2501.00656). Checked by test/gpu/kernels.test.ts (sliced_norm).
struct Params {
  jobs_at: u32,
  wide_stride4: u32,
  wide_width: u32,
  width4: u32,
  stride4: u32,
  epsilon: f32,
}
// The rows of one port.
struct Job {
  first_row: u32, // row of wide that the first of them is made from
  slice: u32, // the head's first column in it, in vec4s
  gain: u32, // row of gain
  at: u32, // where row 0 of the port begins in y, in vec4s
  rows_at: u32, // where control lists the rows of y; EVERY: row r is r
  rows: u32, // their number
}
override WORKGROUP: u32;
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> wide: array<vec4f>;
@group(0) @binding(3) var<storage, read> gain: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
//#include reduce_sum
//#include norm_scale
alias Leaf = f32;

@compute @workgroup_size(WORKGROUP)
fn sliced_norm(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let job = job_at(wid.z);
  let row = wid.y * grid.x + wid.x;
  if (row >= job.rows) { return; }
  let wide_at = (job.first_row + row) * params.wide_stride4;
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var squares = vec4f(0.0);
    for (var c = leaf; c < params.wide_stride4; c += LEAVES) { squares += wide[wide_at + c] * wide[wide_at + c]; }
    leaves[leaf] = dot(squares, vec4f(1.0));
  }
  let scale = norm_scale(sum_of_leaves(lane) / f32(params.wide_width), params.epsilon);
  var place = row;
  if (job.rows_at != EVERY) { place = control[job.rows_at + row]; }
  let at = job.at + place * params.stride4;
  for (var c = lane; c < params.width4; c += WORKGROUP) {
    y[at + c] = wide[wide_at + job.slice + c] * scale * gain[job.gain * params.width4 + c];
  }
}
