// x[t] <- (x[t] - mean) / sqrt(variance + epsilon) * gain + bias, for the rows t of a job; norm.wgsl in place
//
// Norms of queries and keys, a head at a time, and of what MLPs put out. CENTRED false is the RMS norm
// (shared/row_norm.wgsl).
// One workgroup per row. Sums are those of shared/reduce_sum.wgsl, so a row's result depends on that row alone.
// Shapes: gain, bias [rows, width4], x [any], rows row_stride4 vec4s apart.
// Grid: x and y cover the most rows of a job, z = jobs.
// Source: Dehghani et al. 2023 (arXiv:2302.05442) for norms of queries and keys. Checked by test/gpu/kernels.test.ts
// (norm_in_place).
struct Params {
  jobs_at: u32,
  row_stride4: u32,
  width: u32,
  width4: u32,
  epsilon: f32,
}
// Rows of one head, or of one writer.
struct Job {
  at: u32, // where its row 0 begins in x, in vec4s
  rows_at: u32, // where control lists the rows; EVERY: row r is r
  rows: u32, // their number
  gain: u32, // row of gain and bias
}
override WORKGROUP: u32;
override CENTRED: bool;
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> x: array<vec4f>;
//#include row_norm

@compute @workgroup_size(WORKGROUP)
fn norm_in_place(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let job = job_at(wid.z);
  var row = wid.y * grid.x + wid.x;
  if (row >= job.rows) { return; }
  if (job.rows_at != EVERY) { row = control[job.rows_at + row]; }
  let statistics = row_norm(job.at + row * params.row_stride4, lane);
  let gain_at = job.gain * params.width4;
  for (var c = lane; c < params.width4; c += WORKGROUP) { x[statistics.at + c] = normed(statistics, gain_at, c); }
}
