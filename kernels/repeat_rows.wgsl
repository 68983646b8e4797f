// x[to + t stride ..] = x[from + t stride ..] for the token rows t of a job: rows of one part of an array go to another
//
// Query heads share key and value heads. Where they read the same input, one of them is projected and the others get
// its rows, which costs a copy instead of a product. No job reads what another one writes.
// One invocation per four columns of a row. Offsets and strides count vec4s.
// Shapes: x [any]. Grid: x covers the most rows of a job * columns4, y = jobs.
// Checked by test/gpu/kernels.test.ts (repeat_rows).
struct Params {
  columns4: u32,
  stride4: u32,
  jobs_at: u32,
}
// Rows of one part.
struct Job {
  source_at: u32, // where row 0 of the part that is read begins
  target_at: u32, // where row 0 of the part that is written begins
  rows_at: u32, // where control lists the rows; EVERY: row r is r
  rows: u32, // their number
}
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(64)
fn repeat_rows(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let job = job_at(wid.y);
  if (gid.x >= job.rows * params.columns4) { return; }
  var row = gid.x / params.columns4;
  if (job.rows_at != EVERY) { row = control[job.rows_at + row]; }
  let at = row * params.stride4 + gid.x % params.columns4;
  x[job.target_at + at] = x[job.source_at + at];
}
